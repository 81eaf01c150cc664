// SPDX-License-Identifier: MIT

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include "call/calls.h"

#include <stddef.h>

static const struct call_name names[CALLS_END] = {
    [CALL_LINE_START] = {CALL_LINE_START, 0x9ca634f9, "line.start"},
    [CALL_LINE_MIX] = {CALL_LINE_MIX, 0x5693ed4c, "line.mix"},
    [CALL_LINE_NOTHING] = {CALL_LINE_NOTHING, 0x3165215a, "line.nothing"},
    [CALL_FILE_OPEN] = {CALL_FILE_OPEN, 0x65212724, "file.open"},
    [CALL_FILE_READ] = {CALL_FILE_READ, 0xb4016260, "file.read"},
    [CALL_FILE_WRITE] = {CALL_FILE_WRITE, 0xcb02b390, "file.write"},
    [CALL_FILE_SEED] = {CALL_FILE_SEED, 0xb3d9d814, "file.seed"},
    [CALL_PEER_SEND] = {CALL_PEER_SEND, 0x2af62a9e, "peer.send"},
    [CALL_PEER_RECV] = {CALL_PEER_RECV, 0xbaebc05a, "peer.recv"},
};

const struct call_name *calls_find(uint32_t number) {
    return number < CALLS_END && names[number].name ? &names[number] : NULL;
}

// SPDX-License-Identifier: MIT

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/dispatch.h"

const struct call_row call_rows[CALLS_END] = {
    [CALL_LINE_START] =
        {
            .name = "line.start",
            .serve = serve_line_start,
            .flags = ROW_START,
        },
    [CALL_LINE_MIX] =
        {
            .name = "line.mix",
            .serve = serve_line_mix,
            .flags = 0,
        },
    [CALL_LINE_NOTHING] =
        {
            .name = "line.nothing",
            .serve = serve_line_nothing,
            .flags = 0,
        },
    [CALL_FILE_OPEN] =
        {
            .name = "file.open",
            .serve = serve_file_open,
            .flags = 0,
        },
    [CALL_FILE_READ] =
        {
            .name = "file.read",
            .serve = serve_file_read,
            .flags = 0,
        },
    [CALL_FILE_WRITE] =
        {
            .name = "file.write",
            .serve = serve_file_write,
            .flags = ROW_LATER,
        },
    [CALL_FILE_SEED] =
        {
            .name = "file.seed",
            .serve = serve_file_seed,
            .flags = 0,
        },
    [CALL_PEER_SEND] =
        {
            .name = "peer.send",
            .serve = serve_peer_send,
            .flags = 0,
        },
    [CALL_PEER_RECV] =
        {
            .name = "peer.recv",
            .serve = serve_peer_recv,
            .flags = ROW_LATER,
        },
};

// SPDX-License-Identifier: MIT

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include <stddef.h>

#include "call/calls.h"
#include "daemon/record/trace.h"

static const struct trace_argument line_start_arguments[] = {
    {"abi", TRACE_U32, NULL},
    {"level", TRACE_U32, NULL},
    {"offset", TRACE_I64, NULL},
};

static const struct trace_value line_mix_mode_names[] = {
    {LINE_MIX_MODE_SLOW, "slow"},
    {LINE_MIX_MODE_FAST, "fast"},
    {0},
};

static const struct trace_argument line_mix_arguments[] = {
    {"on", TRACE_BOOL, NULL},
    {"gain", TRACE_F64, NULL},
    {"mode", TRACE_ENUM, line_mix_mode_names},
    {"low", TRACE_I64, NULL},
};

static const struct trace_argument file_open_arguments[] = {
    {"path", TRACE_STR, NULL},
    {"flags", TRACE_U32, NULL},
};

static const struct trace_argument file_read_arguments[] = {
    {"file", TRACE_HANDLE, NULL},
    {"data", TRACE_OUT, NULL},
};

static const struct trace_argument file_write_arguments[] = {
    {"file", TRACE_HANDLE, NULL},
    {"data", TRACE_BYTES, NULL},
    {"path", TRACE_STR, NULL},
    {"at", TRACE_I64, NULL},
};

static const struct trace_argument file_seed_arguments[] = {
    {"data", TRACE_OUT, NULL},
};

static const struct trace_argument peer_send_arguments[] = {
    {"file", TRACE_HANDLE, NULL},
    {"data", TRACE_BYTES, NULL},
    {"peer", TRACE_ADDRESS, NULL},
};

static const struct trace_argument peer_recv_arguments[] = {
    {"file", TRACE_HANDLE, NULL},
    {"data", TRACE_OUT, NULL},
    {"peer", TRACE_OUT, NULL},
};

const struct trace_row trace_rows[CALLS_END] = {
    [CALL_LINE_START] = {line_start_arguments, 3},
    [CALL_LINE_MIX] = {line_mix_arguments, 4},
    [CALL_LINE_NOTHING] = {NULL, 0},
    [CALL_FILE_OPEN] = {file_open_arguments, 2},
    [CALL_FILE_READ] = {file_read_arguments, 2},
    [CALL_FILE_WRITE] = {file_write_arguments, 4},
    [CALL_FILE_SEED] = {file_seed_arguments, 1},
    [CALL_PEER_SEND] = {peer_send_arguments, 3},
    [CALL_PEER_RECV] = {peer_recv_arguments, 3},
};

// SPDX-License-Identifier: MIT

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/dispatch.h"

const struct call_row call_rows[CALLS_END] = {
    [CALL_LINE_START] =
        {
            .name = "line.start",
            .group = "line",
            .serve = serve_line_start,
            .flags = ROW_START,
        },
    [CALL_LINE_MIX] =
        {
            .name = "line.mix",
            .group = "line",
            .serve = serve_line_mix,
            .flags = ROW_PYTHON,
        },
    [CALL_LINE_NOTHING] =
        {
            .name = "line.nothing",
            .group = "line",
            .serve = serve_line_nothing,
            .flags = ROW_PYTHON,
        },
    [CALL_FILE_OPEN] =
        {
            .name = "file.open",
            .group = "file",
            .serve = serve_file_open,
            .flags = ROW_PYTHON,
        },
    [CALL_FILE_READ] =
        {
            .name = "file.read",
            .group = "file",
            .serve = serve_file_read,
            .flags = ROW_PYTHON,
        },
    [CALL_FILE_WRITE] =
        {
            .name = "file.write",
            .group = "file",
            .serve = serve_file_write,
            .flags = ROW_PYTHON | ROW_LATER,
        },
    [CALL_FILE_SEED] =
        {
            .name = "file.seed",
            .group = "file",
            .serve = serve_file_seed,
            .flags = ROW_PYTHON,
        },
    [CALL_PEER_SEND] =
        {
            .name = "peer.send",
            .group = "peer",
            .serve = serve_peer_send,
            .flags = 0,
        },
    [CALL_PEER_RECV] =
        {
            .name = "peer.recv",
            .group = "peer",
            .serve = serve_peer_recv,
            .flags = ROW_LATER,
        },
};

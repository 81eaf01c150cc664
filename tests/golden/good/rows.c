// SPDX-License-Identifier: MIT

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include <errno.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/dispatch/dispatch.h"

static const int line_start_errors[] = {
    EPROTO, EINVAL, 0,
};

static const int line_mix_errors[] = {
    EINVAL, 0,
};

static const int line_nothing_errors[] = {
    0,
};

static const int file_open_errors[] = {
    ENOENT, EMFILE, EACCES, EINVAL, 0,
};

static const int file_read_errors[] = {
    EIO, EBADF, EINVAL, 0,
};

static const int file_write_errors[] = {
    ENOSPC, EACCES, EBADF, EINVAL, 0,
};

static const int file_seed_errors[] = {
    EINVAL, 0,
};

static const int peer_send_errors[] = {
    EACCES, EBADF, EINVAL, 0,
};

static const int peer_recv_errors[] = {
    EAGAIN, EINVAL, EBADF, 0,
};

const struct call_row call_rows[CALLS_END] = {
    [CALL_LINE_START] =
        {
            .name = "line.start",
            .serve = serve_line_start,
            .errors = line_start_errors,
            .flags = ROW_START,
        },
    [CALL_LINE_MIX] =
        {
            .name = "line.mix",
            .serve = serve_line_mix,
            .errors = line_mix_errors,
            .flags = 0,
        },
    [CALL_LINE_NOTHING] =
        {
            .name = "line.nothing",
            .serve = serve_line_nothing,
            .errors = line_nothing_errors,
            .flags = 0,
        },
    [CALL_FILE_OPEN] =
        {
            .name = "file.open",
            .serve = serve_file_open,
            .errors = file_open_errors,
            .flags = 0,
        },
    [CALL_FILE_READ] =
        {
            .name = "file.read",
            .serve = serve_file_read,
            .errors = file_read_errors,
            .flags = 0,
        },
    [CALL_FILE_WRITE] =
        {
            .name = "file.write",
            .serve = serve_file_write,
            .errors = file_write_errors,
            .flags = ROW_LATER,
        },
    [CALL_FILE_SEED] =
        {
            .name = "file.seed",
            .serve = serve_file_seed,
            .errors = file_seed_errors,
            .flags = 0,
        },
    [CALL_PEER_SEND] =
        {
            .name = "peer.send",
            .serve = serve_peer_send,
            .errors = peer_send_errors,
            .flags = 0,
        },
    [CALL_PEER_RECV] =
        {
            .name = "peer.recv",
            .serve = serve_peer_recv,
            .errors = peer_recv_errors,
            .flags = ROW_LATER,
        },
};

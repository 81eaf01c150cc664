// SPDX-License-Identifier: MIT

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include "call/stubs.h"

#include "call/calls.h"
#include "daemon/dispatch/stub.h"

int serve_line_start(struct call *call, const struct wire_submission *submission,
                     int64_t *ret_result) {
    uint32_t abi = 0;
    uint32_t level = 0;
    int64_t offset = 0;
    int r;

    r = stub_unused(call, submission, 3);
    if (r) {
        return r;
    }
    r = stub_u32(submission->arg[0], 0, 4294967295u, &abi);
    if (r) {
        return r;
    }
    r = stub_u32(submission->arg[1], 1, 9, &level);
    if (r) {
        return r;
    }
    r = stub_i64(submission->arg[2], -5, INT64_MAX, &offset);
    if (r) {
        return r;
    }
    r = handle_line_start(call, abi, level, offset);
    if (r == 0) {
        *ret_result = 0;
    }
    return r;
}

static const uint32_t line_mix_mode_values[] = {
    LINE_MIX_MODE_SLOW, LINE_MIX_MODE_FAST,
};

int serve_line_mix(struct call *call, const struct wire_submission *submission,
                   int64_t *ret_result) {
    bool on = false;
    double gain = 0;
    uint32_t mode = 0;
    int64_t low = 0;
    int r;

    r = stub_unused(call, submission, 4);
    if (r) {
        return r;
    }
    r = stub_bool(submission->arg[0], &on);
    if (r) {
        return r;
    }
    r = stub_f64(submission->arg[1], &gain);
    if (r) {
        return r;
    }
    r = stub_enum(submission->arg[2], line_mix_mode_values, 2, &mode);
    if (r) {
        return r;
    }
    r = stub_i64(submission->arg[3], INT64_MIN, -1, &low);
    if (r) {
        return r;
    }
    return handle_line_mix(call, on, gain, mode, low, ret_result);
}

int serve_line_nothing(struct call *call, const struct wire_submission *submission,
                       int64_t *ret_result) {
    int r;

    r = stub_unused(call, submission, 0);
    if (r) {
        return r;
    }
    r = handle_line_nothing(call);
    if (r == 0) {
        *ret_result = 0;
    }
    return r;
}

int serve_file_open(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result) {
    const char *path = NULL;
    uint32_t flags = 0;
    int r;

    r = stub_unused(call, submission, 2);
    if (r) {
        return r;
    }
    r = stub_str(call, submission->arg[0], 255, &path);
    if (r) {
        return r;
    }
    r = stub_u32(submission->arg[1], 0, 4294967295u, &flags);
    if (r) {
        return r;
    }
    r = permit_file_open(call, path, flags);
    if (r) {
        return r;
    }
    return handle_file_open(call, path, flags, ret_result);
}

int serve_file_read(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result) {
    struct handle *file = NULL;
    struct window data = {0};
    int r;

    r = stub_unused(call, submission, 2);
    if (r) {
        return r;
    }
    r = stub_handle(call, submission->arg[0], HANDLE_FILE, &file);
    if (r) {
        return r;
    }
    r = stub_out(call, submission->arg[1], 4096, &data);
    if (r) {
        return r;
    }
    return handle_file_read(call, file, data, ret_result);
}

int serve_file_write(struct call *call, const struct wire_submission *submission,
                     int64_t *ret_result) {
    struct handle *file = NULL;
    struct bytes data = {0};
    const char *path = NULL;
    int64_t at = 0;
    int r;

    r = stub_unused(call, submission, 4);
    if (r) {
        return r;
    }
    r = stub_handle(call, submission->arg[0], HANDLE_FILE, &file);
    if (r) {
        return r;
    }
    r = stub_bytes(call, submission->arg[1], 4096, &data);
    if (r) {
        return r;
    }
    r = stub_str(call, submission->arg[2], 7, &path);
    if (r) {
        return r;
    }
    r = stub_i64(submission->arg[3], INT64_MIN, INT64_MAX, &at);
    if (r) {
        return r;
    }
    r = permit_file_write(call, file, data, path, at);
    if (r) {
        return r;
    }
    return handle_file_write(call, file, data, path, at, ret_result);
}

int serve_file_seed(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result) {
    struct window data = {0};
    int r;

    r = stub_unused(call, submission, 1);
    if (r) {
        return r;
    }
    r = stub_out(call, submission->arg[0], 16, &data);
    if (r) {
        return r;
    }
    r = handle_file_seed(call, data);
    if (r == 0) {
        *ret_result = 0;
    }
    return r;
}

int serve_peer_send(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result) {
    struct handle *file = NULL;
    struct bytes data = {0};
    struct wire_address peer = {0};
    int r;

    r = stub_unused(call, submission, 3);
    if (r) {
        return r;
    }
    r = stub_handle(call, submission->arg[0], HANDLE_FILE, &file);
    if (r) {
        return r;
    }
    r = stub_bytes(call, submission->arg[1], 512, &data);
    if (r) {
        return r;
    }
    r = stub_address(call, submission->arg[2], &peer);
    if (r) {
        return r;
    }
    r = permit_peer_send(call, file, data, peer);
    if (r) {
        return r;
    }
    return handle_peer_send(call, file, data, peer, ret_result);
}

int serve_peer_recv(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result) {
    struct handle *file = NULL;
    struct window data = {0};
    struct window peer = {0};
    int r;

    r = stub_unused(call, submission, 3);
    if (r) {
        return r;
    }
    r = stub_handle(call, submission->arg[0], HANDLE_FILE, &file);
    if (r) {
        return r;
    }
    r = stub_out(call, submission->arg[1], 512, &data);
    if (r) {
        return r;
    }
    r = stub_out(call, submission->arg[2], 24, &peer);
    if (r) {
        return r;
    }
    return handle_peer_recv(call, file, data, peer, ret_result);
}

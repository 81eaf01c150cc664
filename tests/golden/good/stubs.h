// SPDX-License-Identifier: MIT
#pragma once

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include <stdbool.h>
#include <stdint.h>

#include "call/wire.h"
#include "daemon/handler.h"

// Of each call: serve_x() is what the dispatch table calls, handle_x() is supplied by
// daemon/handlers/, permit_x() (only where the call needs a grant) stands beside it: it returns 0
// or what call_refuse() returned. Returns as in daemon/handler.h; serve_x() returns APP_BROKEN
// (daemon/app/app.h) as well.

#define STUBS_SCRATCH_SIZE 4104u // most bytes that one call sends

enum handle_kind {
    HANDLE_FILE = 1,
};

// line.start: The first call, and only that.
int serve_line_start(struct call *call, const struct wire_submission *submission,
                     int64_t *ret_result);
int handle_line_start(struct call *call, uint32_t abi, uint32_t level, int64_t offset);

// line.mix: One of each that needs no memory.
int serve_line_mix(struct call *call, const struct wire_submission *submission,
                   int64_t *ret_result);
int handle_line_mix(struct call *call, bool on, double gain, uint32_t mode, int64_t low,
                    int64_t *ret_result);

// line.nothing: Do nothing, "quoted".
int serve_line_nothing(struct call *call, const struct wire_submission *submission,
                       int64_t *ret_result);
int handle_line_nothing(struct call *call);

// file.open: Open a file.
int serve_file_open(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result);
int permit_file_open(struct call *call, const char *path, uint32_t flags);
int handle_file_open(struct call *call, const char *path, uint32_t flags, int64_t *ret_result);

// file.read: Read from a file.
int serve_file_read(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result);
int handle_file_read(struct call *call, struct handle *file, struct window data,
                     int64_t *ret_result);

// file.write: Write to a file; a sentence that is long enough to need a second line where it
// becomes a comment.
int serve_file_write(struct call *call, const struct wire_submission *submission,
                     int64_t *ret_result);
int permit_file_write(struct call *call, struct handle *file, struct bytes data, const char *path,
                      int64_t at);
int handle_file_write(struct call *call, struct handle *file, struct bytes data, const char *path,
                      int64_t at, int64_t *ret_result);

// file.seed: Fill all of it.
int serve_file_seed(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result);
int handle_file_seed(struct call *call, struct window data);

// peer.send: Send to an address.
int serve_peer_send(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result);
int permit_peer_send(struct call *call, struct handle *file, struct bytes data,
                     struct wire_address peer);
int handle_peer_send(struct call *call, struct handle *file, struct bytes data,
                     struct wire_address peer, int64_t *ret_result);

// peer.recv: Receive, and from whom.
int serve_peer_recv(struct call *call, const struct wire_submission *submission,
                    int64_t *ret_result);
int handle_peer_recv(struct call *call, struct handle *file, struct window data, struct window peer,
                     int64_t *ret_result);

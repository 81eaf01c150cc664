// SPDX-License-Identifier: MIT
#pragma once

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

// Each makes its call and waits for the end of it. Returns the result, >= 0, or -errno: -EMSGSIZE
// for a buffer above the call's maximum, -ENOBUFS if the arena has no room, else what the
// supervisor says.

// line.start: The first call, and only that.
int64_t call_line_start(uint32_t abi, uint32_t level, int64_t offset);

// line.mix: One of each that needs no memory.
int64_t call_line_mix(bool on, double gain, uint32_t mode, int64_t low);

// line.nothing: Do nothing, "quoted".
int64_t call_line_nothing(void);

// file.open: Open a file.
int64_t call_file_open(const char *path, size_t path_size, uint32_t flags);

// file.read: Read from a file.
int64_t call_file_read(uint32_t file, void *data, size_t data_size);

// file.write: Write to a file; a sentence that is long enough to need a second line where it
// becomes a comment.
int64_t call_file_write(uint32_t file, const void *data, size_t data_size, const char *path,
                        size_t path_size, int64_t at);

// file.seed: Fill all of it.
int64_t call_file_seed(void *data, size_t data_size);

// peer.send: Send to an address.
int64_t call_peer_send(uint32_t file, const void *data, size_t data_size,
                       const struct wire_address *peer);

// peer.recv: Receive, and from whom.
int64_t call_peer_recv(uint32_t file, void *data, size_t data_size, void *peer, size_t peer_size);

// SPDX-License-Identifier: MIT
#pragma once

// What the generated stubs are made of: each function checks one argument of a call and makes the
// handler's form of it. What a worker sends is taken once, into the call's scratch, and looked at
// only there.
//
// All return 0, EINVAL or EBADF for the app's mistake, or APP_BROKEN for a worker that broke the
// protocol. *ret is untouched unless 0 is returned.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"
#include "daemon/dispatch/call.h"
#include "daemon/handler.h"

// Arguments from N_ARGS on must be 0: they are reserved for the call's future.
int stub_unused(struct call *call, const struct wire_submission *submission, size_t n_args);

int stub_u32(uint64_t value, uint32_t min, uint32_t max, uint32_t *ret_value);
int stub_i64(uint64_t value, int64_t min, int64_t max, int64_t *ret_value);
int stub_bool(uint64_t value, bool *ret_value);
int stub_f64(uint64_t value, double *ret_value); /* finite numbers only */
int stub_enum(uint64_t value, const uint32_t *values, size_t n_values, uint32_t *ret_value);

// An open handle of KIND.
int stub_handle(struct call *call, uint64_t value, uint32_t kind, struct handle **ret_handle);

// Buffers of at most MAX bytes, their place in the arena packed in VALUE. Text is UTF-8 without NUL
// inside; *ret_text gets one at its end.
int stub_str(struct call *call, uint64_t value, size_t max, const char **ret_text);
int stub_bytes(struct call *call, uint64_t value, size_t max, struct bytes *ret_bytes);
int stub_out(struct call *call, uint64_t value, size_t max, struct window *ret_window);

// Exactly one struct wire_address, its unused bytes 0.
int stub_address(struct call *call, uint64_t value, struct wire_address *ret_address);

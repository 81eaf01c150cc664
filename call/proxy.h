// SPDX-License-Identifier: MIT
#pragma once

// What the generated proxies (call_x()) are made of: arguments are added one by one, then the call
// is made. A first failure is kept and returned by proxy_call(), which releases everything.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

// A buffer argument's copy in the arena.
struct proxy_region {
    void *memory; /* NULL: the argument is no buffer, or an empty one */
    size_t size;
    void *destination; /* of an out argument */
    bool has_length;   /* the call's result says how much of it is filled */
};

// A call being made. Zero-initialise.
struct proxy {
    uint64_t arg[WIRE_ARGS];
    struct proxy_region regions[WIRE_ARGS];
    int error;      /* 0 or -errno */
    bool is_secret; /* nothing of it stays in the arena */
};

// A proxy is never part of its caller: by them vm/reach.py sees which code comes to which call.
#define PROXY __attribute__((noinline))

void proxy_value(struct proxy *proxy, unsigned index, uint64_t value);
void proxy_f64(struct proxy *proxy, unsigned index, double value);

// SIZE bytes for the supervisor to read; above MAX is -EMSGSIZE.
void proxy_in(struct proxy *proxy, unsigned index, const void *data, size_t size, size_t max);

// SIZE bytes to be filled in by the supervisor: all of them, or as many as the result says.
void proxy_out(struct proxy *proxy, unsigned index, void *data, size_t size, size_t max);
void proxy_out_length(struct proxy *proxy, unsigned index, void *data, size_t size, size_t max);

// Makes the call NUMBER and waits for its end. Returns its result, >= 0, or -errno.
int64_t proxy_call(struct proxy *proxy, uint32_t number);

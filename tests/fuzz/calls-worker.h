// SPDX-License-Identifier: MIT
#pragma once

// The worker of the target calls: makes calls with arguments as the input says, most of them of the
// right type, and checks what comes back.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

struct app;
struct input;
struct trace_argument;

#define WORKER_ARENA_SIZE (256u << 10)
#define WORKER_HANDLES 16u /* remembered, a power of two */
#define WORKER_CALLS_MAX 1024u

extern struct app app;     /* it is the worker of */
extern struct input input; /* it follows */

extern struct calls_worker {
    uint32_t tail, head; /* of the rings, as it counts them */
    struct {
        uint32_t tag, call;
    } made[WORKER_CALLS_MAX]; /* submitted and not completed */
    size_t n_made;
    uint32_t next_tag;
    uint64_t handles[WORKER_HANDLES];
    uint32_t n_handles;
    bool lies; /* wrote to the rings itself: what it reads there proves nothing */
} worker;

void worker_submit(const struct wire_submission *submission);

// Takes what was completed: each a call that it made, once.
void worker_take_completions(void);

// A value for ARGUMENT, its bytes put into the arena where it has any; one of ten is of any value.
uint64_t worker_argument(const struct trace_argument *argument);

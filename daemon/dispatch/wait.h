// SPDX-License-Identifier: MIT
#pragma once

// Workers asleep in channel.wait: each sleeps until the readiness generation is another than the
// one it saw, an upcall is posted, or its time is over. One timer serves them all.

#include <stdint.h>

#include "call/wire.h"
#include "daemon/handler.h"
#include "daemon/loop/loop.h"

struct wait {
    struct call_reference reference;
    uint64_t due_usec; /* UINT64_MAX: no limit */
    uint32_t generation;
};

struct waits {
    struct app *app;
    struct timer *timer;
    struct wait waits[WIRE_SUBMISSIONS]; /* the first n_waits */
    uint32_t n_waits;
};

// Returns 0 or -errno. waits_done() undoes it and takes zeroed waits.
int waits_init(struct waits *waits, struct app *app);
void waits_done(struct waits *waits);

// Enters a wait. TIMEOUT_USEC: -1 for no limit. Returns 0, or -ENOBUFS if there are too many, which
// the channel's count of calls in flight excludes.
int waits_add(struct waits *waits, struct call_reference reference, uint32_t generation,
              int64_t timeout_usec);

// Completes every wait whose generation is not the current one; all of them after an upcall.
void waits_check(struct waits *waits);
void waits_wake(struct waits *waits);

// Forgets every wait: the worker is dead.
void waits_clear(struct waits *waits);

// SPDX-License-Identifier: MIT
#include "daemon/dispatch/wait.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/app/app.h"

#define USEC_NEVER UINT64_MAX

static void set_timer(struct waits *waits) {
    uint64_t due = USEC_NEVER;
    uint64_t now = 0;

    for (uint32_t i = 0; i < waits->n_waits; i++) {
        due = waits->waits[i].due_usec < due ? waits->waits[i].due_usec : due;
    }
    if (due == USEC_NEVER) {
        timer_clear(waits->timer);
        return;
    }
    now = loop_now_usec();
    timer_set(waits->timer, due > now ? due - now : 0);
}

// Completes what is over: by generation, by time up to NOW, or all. A wait whose call was cancelled
// completes to nobody here, and goes the same way.
static void finish(struct waits *waits, bool all, uint64_t now) {
    uint32_t generation = waits->app->channel.readiness_generation;
    uint32_t n_before = waits->n_waits;
    uint32_t i = 0;

    while (i < waits->n_waits) {
        struct wait wait = waits->waits[i];

        if (all || wait.generation != generation || wait.due_usec <= now ||
            !flight_has(&waits->app->flights, wait.reference)) {
            waits->waits[i] = waits->waits[--waits->n_waits];
            call_complete(waits->app, wait.reference, generation);
        } else {
            i++;
        }
    }
    if (waits->n_waits != n_before) {
        set_timer(waits);
    }
}

static int on_timer(void *context) {
    struct waits *waits = context;

    finish(waits, false, loop_now_usec());
    set_timer(waits);
    return 0;
}

int waits_init(struct waits *waits, struct app *app) {
    *waits = (struct waits){.app = app};
    return timer_new(app->loop, on_timer, waits, &waits->timer);
}

void waits_done(struct waits *waits) {
    waits->timer = timer_free(waits->timer);
    waits->n_waits = 0;
}

int waits_add(struct waits *waits, struct call_reference reference, uint32_t generation,
              int64_t timeout_usec) {
    struct wait wait = {.reference = reference, .due_usec = USEC_NEVER, .generation = generation};

    if (waits->n_waits == WIRE_SUBMISSIONS) {
        finish(waits, false, 0); // drops those that were cancelled
    }
    if (waits->n_waits == WIRE_SUBMISSIONS) {
        return -ENOBUFS;
    }
    if (timeout_usec >= 0) {
        uint64_t now = loop_now_usec();

        if (__builtin_add_overflow(now, (uint64_t)timeout_usec, &wait.due_usec)) {
            wait.due_usec = USEC_NEVER;
        }
    }
    waits->waits[waits->n_waits++] = wait;
    if (wait.due_usec != USEC_NEVER) {
        set_timer(waits);
    }
    return 0;
}

void waits_check(struct waits *waits) {
    if (waits->n_waits > 0) {
        finish(waits, false, 0);
    }
}

void waits_wake(struct waits *waits) {
    if (waits->n_waits > 0) {
        finish(waits, true, 0);
    }
}

void waits_clear(struct waits *waits) {
    waits->n_waits = 0;
    if (waits->timer) {
        timer_clear(waits->timer);
    }
}

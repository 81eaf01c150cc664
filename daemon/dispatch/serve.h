// SPDX-License-Identifier: MIT
#pragma once

// The channel in the loop: takes submissions in batches, dispatches them, makes the answers
// visible, and goes to sleep in the order that loses no doorbell.

#include <stdbool.h>
#include <stdint.h>

#include "daemon/app/app.h"
#include "daemon/loop/loop.h"
#include "daemon/loop/quota.h"

struct serve {
    struct app *app;
    uint32_t spin_nsec;
    struct source *doorbell;
    struct timer *poll; /* instead of the doorbell while that is disarmed */
    struct quota idle_rings;
    bool rung; /* since submissions were last looked for */
    bool disarmed;
    bool limited;       /* how many calls a second are served: ... */
    struct quota calls; /* ... as many; */
    bool pausing;       /* ... and no more now, until: */
    struct timer *pause;
    uint32_t n_polls;   /* until it is armed again */
    uint32_t warned_of; /* generation of the last worker that rang without end */

    int (*on_broken)(void *context); /* the worker broke the protocol: kill it */
    void *context;
};

// Starts to serve APP, whose channel has its arena. IDLE_RINGS: doorbells a second that may
// announce nothing before the doorbell is polled instead. Returns 0 or -errno; serve_done() undoes
// it and takes a zeroed one.
int serve_init(struct serve *serve, struct app *app, uint32_t idle_rings, uint32_t spin_nsec,
               int (*on_broken)(void *context), void *context);
void serve_done(struct serve *serve);

// As IDLE_RINGS of serve_init(), from now on.
void serve_set_idle_rings(struct serve *serve, uint32_t idle_rings);

// From now on the worker's calls above CALLS a second wait until their time has come; 0: no limit.
void serve_set_calls(struct serve *serve, uint32_t calls);

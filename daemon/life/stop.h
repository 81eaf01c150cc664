// SPDX-License-Identifier: MIT
#pragma once

// Stopping a worker: it is asked, then aborted, then killed, each at its deadline. A spawner that
// does not do the killing is given up on, and the sandbox with it.

#include <stdbool.h>
#include <stdint.h>

#include "call/wire.h"
#include "daemon/app/app.h"
#include "sandbox/sandbox.h"

struct stop {
    struct app *app;
    struct spawner *spawner;
    struct timer *timer;
    uint64_t stop_usec;   /* from asking to aborting */
    uint64_t abort_usec;  /* from aborting to killing */
    enum wire_stop level; /* WIRE_RUN: not stopping */
    uint64_t since_usec;
    bool killed;
};

// Returns 0 or -errno; stop_done() undoes it and takes a zeroed one.
int stop_init(struct stop *stop, struct app *app, struct spawner *spawner, uint64_t stop_usec,
              uint64_t abort_usec);
void stop_done(struct stop *stop);

// Other deadlines, for a stop that has not begun yet.
void stop_set_deadlines(struct stop *stop, uint64_t stop_usec, uint64_t abort_usec);

// Asks the running worker to stop: LEVEL is WIRE_STOP or WIRE_INTERRUPT. Does nothing if it was
// asked before. Returns 0 or -errno.
int stop_begin(struct stop *stop, enum wire_stop level);

// Goes on to the next step at once: a person who presses Ctrl-C again does not want to wait. Not
// within a moment of the first, which may have come twice, from the terminal and from a script.
int stop_hasten(struct stop *stop);

// Has the worker killed now.
int stop_kill(struct stop *stop);

// The worker is gone.
void stop_end(struct stop *stop);

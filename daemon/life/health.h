// SPDX-License-Identifier: MIT
#pragma once

// Whether the worker of the moment does its work: it has to become ready in time, to give a sign of
// life as often as its manifest promises, and not to take more of a processor than the
// administrator allows. A deadline missed once makes it sick; missed again, hopeless.
//
// A supervisor that was late itself (stopped, or its machine overloaded) judges nobody by it: the
// signs of life it has not read yet may be waiting.

#include <stdbool.h>
#include <stdint.h>

#include "daemon/life/state.h"
#include "daemon/loop/loop.h"

#define HEALTH_WHY_SIZE 128

struct app;

struct health_policy {
    bool asks_ready;         /* it is ready when it says so, not when it makes its first call */
    uint64_t ready_usec;     /* from its start until it is ready */
    uint64_t heartbeat_usec; /* between two signs of life; 0: none are asked for */
    uint32_t cpu_percent;    /* of one processor, within a window; 0: any share */
    uint64_t cpu_window_usec;
    uint64_t patience_usec; /* the longest deadline of one that is sick; 0: as long as before */
};

enum health_check {
    HEALTH_READY,
    HEALTH_HEARTBEAT,
    HEALTH_CPU,
};
#define HEALTH_CHECKS 3

struct health_counters {
    uint64_t misses[HEALTH_CHECKS]; /* deadlines missed, of all workers */
    uint64_t heartbeats;
};

struct health {
    struct app *app;
    struct health_policy policy;
    struct timer *deadline;  /* of ready, then of the next heartbeat */
    struct timer *cpu_timer; /* the end of a window */
    bool window_is_over;     /* and is yet to be judged */
    bool watching, ready;
    bool missed[HEALTH_CHECKS]; /* since it was last well */
    uint64_t beat_usec;         /* its last sign of life; before that, its start */
    uint64_t due_usec;          /* of the deadline */

    uint64_t cpu_usec;       /* it had taken, ... */
    uint64_t cpu_seen_usec;  /* ... when it was looked at */
    uint32_t cpu_share;      /* percent, in the last window; 0 at first */
    uint64_t cpu_total_usec; /* of all workers, when each was looked at last */

    char why[HEALTH_WHY_SIZE]; /* what it missed last; "" while it is well */
    struct health_counters counters;

    int (*say)(void *context, enum state_event event); /* READY, SICK or HOPELESS */
    int (*ask_cpu)(void *context); /* for the worker's CPU time: health_cpu() follows */
    void *context;
};

// Makes APP's health known to its handlers. SAY and ASK_CPU return 0 or -errno, which ends the
// loop. Returns 0 or -errno; health_done() undoes it and takes a zeroed one.
int health_init(struct health *health, struct app *app, const struct health_policy *policy,
                int (*say)(void *context, enum state_event event), int (*ask_cpu)(void *context),
                void *context);
void health_done(struct health *health);

// Puts other deadlines in force: from the next one on.
void health_set_policy(struct health *health, const struct health_policy *policy);

// A worker is asked for: its deadlines begin.
void health_begin(struct health *health);

// The worker is gone, or is to end: nothing more is asked of it.
void health_end(struct health *health);

// What a worker does and says: its first call, that it is ready to serve, that it still is. Once
// too often does no harm, and neither does an app whose health nobody asks for. Return 0 or -errno.
int health_called(struct app *app);
int health_ready(struct app *app);
int health_heartbeat(struct app *app);

// The worker of this moment has taken CPU_USEC of processor time. Returns 0 or -errno.
int health_cpu(struct health *health, uint64_t cpu_usec);

// It has taken CPU_USEC, and is gone.
void health_cpu_end(struct health *health, uint64_t cpu_usec);

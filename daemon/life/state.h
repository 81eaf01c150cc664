// SPDX-License-Identifier: MIT
#pragma once

// The states of a service and what leads from one to another: a table, looked up and nothing else.
// What is done on the way is supervise.c's.

#include <stdbool.h>

enum state {
    STATE_VERIFYING, /* the image, the policy, the storage; the spawner confines itself */
    STATE_BLANK,     /* the same, and there was no storage yet: it is laid out */
    STATE_LOCKED,    /* the key of an encrypted image is not there */
    STATE_CORRUPT,   /* the storage is damaged: nothing runs, nothing is written */
    STATE_STARTING,  /* a worker was asked for and is not ready yet */
    STATE_RUNNING,
    STATE_DEGRADED, /* the worker missed a deadline: once more and it is killed */
    STATE_STOPPING, /* the worker was asked to end, or is being killed */
    STATE_BACKOFF,  /* before the next worker */
    STATE_FAILED,   /* for good */
    STATE_ENDED,    /* ran to its end, or was stopped */
};
#define STATES 11

enum state_event {
    EVENT_ABSENT,   /* there is no storage yet */
    EVENT_DAMAGED,  /* the storage is */
    EVENT_LOCKED,   /* the key of the image is not there */
    EVENT_REFUSED,  /* image, configuration or policy */
    EVENT_CONFINED, /* the spawner is */
    EVENT_FAILED,   /* the sandbox, or a worker in it, cannot be had */
    EVENT_STARTED,  /* the worker was executed */
    EVENT_READY,    /* the worker is, or is well again */
    EVENT_SICK,     /* it missed a deadline */
    EVENT_HOPELESS, /* it missed it again */
    EVENT_BROKEN,   /* it broke the protocol */
    EVENT_STOP,     /* asked to stop */
    EVENT_RESTART,  /* asked for another worker */
    EVENT_AGAIN,    /* the worker is gone, the next comes after a rest; */
    EVENT_ANEW,     /* ... comes at once; */
    EVENT_GAVE_UP,  /* ... does not come: a failure; */
    EVENT_FINISHED, /* ... does not come: all is well */
    EVENT_RETRY,    /* the rest is over */
};
#define STATE_EVENTS 18

struct state_row {
    const char *name; /* as in the control interface, in STATUS= and in the documents */
    bool is_up;       /* systemd is told READY: who waits for the start need not wait longer */
    bool feeds;       /* systemd's watchdog is fed */
    bool has_worker;
    bool is_over;       /* the supervisor ends */
    const char *advice; /* what an administrator can do, or NULL */
};

extern const struct state_row state_rows[STATES];

// Where EVENT leads from STATE. Returns an enum state, or -EPROTO if it cannot happen there.
int state_next(enum state state, enum state_event event);

// For messages about an event that cannot be.
const char *state_event_name(enum state_event event);

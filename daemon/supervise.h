// SPDX-License-Identifier: MIT
#pragma once

// The life of an app's workers: start, watch, classify the end, start again or give up. A small
// machine, state by event (supervise.c); everything that happens to a worker is one of its events.

#include <stdbool.h>
#include <stdint.h>

#include "daemon/app.h"
#include "daemon/config.h"
#include "daemon/log-room.h"
#include "daemon/restart.h"
#include "daemon/serve.h"
#include "daemon/signals.h"
#include "daemon/stop.h"
#include "sandbox/sandbox.h"

// Exit statuses of `mpyd run`.
enum supervise_exit {
    EXIT_ENDED = 0,   /* the app ended well or was stopped */
    EXIT_GAVE_UP = 1, /* the app failed, and is not to be restarted (any more) */
    EXIT_USAGE = 2,
    EXIT_IMAGE = 3,
    EXIT_CONFIG = 4,
    EXIT_SANDBOX = 5,
    EXIT_INTERNAL = 6,
    EXIT_UNTRUSTED = 7, /* nobody who is trusted vouches for the image */
    EXIT_LOCKED = 8,    /* it is encrypted, and its key is not there */
};

enum supervise_state {
    SUPERVISE_BOOTING,  /* the spawner confines itself */
    SUPERVISE_STARTING, /* a worker was asked for */
    SUPERVISE_RUNNING,
    SUPERVISE_KILLING, /* SIGKILL was asked for */
    SUPERVISE_RESTING, /* before the next start */
    SUPERVISE_DONE,
};

enum supervise_event {
    SUPERVISE_READY,   /* the spawner is confined */
    SUPERVISE_STARTED, /* the worker was executed */
    SUPERVISE_FAILED,  /* the spawner could not confine itself or start a worker */
    SUPERVISE_ENDED,   /* the worker is gone */
    SUPERVISE_BROKEN,  /* the worker broke the protocol */
    SUPERVISE_RETRY,   /* the rest is over */
    SUPERVISE_STOP,    /* asked to stop */
};
#define SUPERVISE_STATES 6
#define SUPERVISE_EVENTS 7

struct supervisor {
    struct app app;
    struct spawner spawner; /* socket -1: none */
    struct config config;
    const char *version, *image_id; /* of the image, for the log; the caller's */

    enum supervise_state state;
    struct serve serve;
    struct stop stop;
    struct signals signals;
    struct log_room log_room;
    struct source *spawner_source;
    struct timer *retry;
    struct restart restart;

    bool terminal; /* a person's Ctrl-C is a KeyboardInterrupt */
    bool stopping; /* asked to: whatever ends now is not restarted */
    bool hasten;   /* asked again */
    enum wire_stop stop_level;
    struct spawner_event event; /* the one being handled */
};

// Runs the app until it is over. Everything of SUPERVISOR above "state" is set, the spawner is
// configured, the channel has its arena. Returns an enum supervise_exit or -errno.
int supervise_run(struct supervisor *supervisor);

// SPDX-License-Identifier: MIT
#pragma once

// The life of an app's workers: start, watch, classify the end, start again or give up. Everything
// that happens to a worker is an event of the table in state.c; here is what is done about it.

#include <stdbool.h>
#include <stdint.h>

#include "daemon/app/app.h"
#include "daemon/config/config-files.h"
#include "daemon/config/config.h"
#include "daemon/crash/ending.h"
#include "daemon/dispatch/serve.h"
#include "daemon/life/health.h"
#include "daemon/life/layers-report.h"
#include "daemon/life/restart.h"
#include "daemon/life/state.h"
#include "daemon/life/stop.h"
#include "daemon/loop/log-room.h"
#include "daemon/process/notify.h"
#include "daemon/process/signals.h"
#include "sandbox/sandbox.h"

#define SUPERVISE_REASON_SIZE 320

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
    EXIT_STORAGE = 9,   /* the state directory cannot be used */
};

struct control;
struct manifest;

#define SUPERVISE_SIGNER_SIZE 320

struct supervise_counters {
    uint64_t restarts;         /* after an end that was not asked for */
    uint64_t restarts_asked;   /* by an administrator: no failure */
    uint64_t endings[ENDINGS]; /* of workers, by enum ending */
    uint64_t state_changes;
};

// How the last worker ended.
struct supervise_ending {
    uint32_t generation; /* 0: none has */
    enum ending ending;
    uint64_t at_usec; /* loop_now_usec() */
    char text[ENDING_TEXT_SIZE];
    size_t n_open; /* bytes of it that are for everybody to read: ending_describe() */
};

struct supervisor {
    struct app app;
    struct spawner spawner; /* socket -1: none */
    struct config config;
    struct config_place config_place; /* where it is read from */
    struct health_policy health_policy;
    struct notify notify;
    struct control *control;            /* NULL: there is no control socket */
    const char *version, *image_id;     /* of the image, for the log; the caller's */
    const struct manifest *manifest;    /* likewise */
    char signer[SUPERVISE_SIGNER_SIZE]; /* who signed the image; "": nobody was asked for */
    struct layers layers;               /* of all processes */
    enum state state;                   /* VERIFYING, unless the storage says otherwise */
    char reason[SUPERVISE_REASON_SIZE]; /* of a state that is not as it should be, else "" */

    uint64_t begun_usec; /* loop_now_usec() when supervise_run() was called */
    uint64_t since_usec; /* loop_now_usec() when the state began */
    struct serve serve;
    struct health health;
    struct stop stop;
    struct signals signals;
    struct log_room log_room;
    struct source *spawner_source;
    struct timer *retry;  /* the end of a rest; while corrupt, the next advice */
    struct timer *feeder; /* of the service manager's watchdog */
    struct restart restart;
    uint64_t delay_usec; /* of the rest */

    bool terminal;   /* a person's Ctrl-C is a KeyboardInterrupt */
    bool told_ready; /* the service manager was */
    bool executed;   /* the worker of the moment was, or has ended */
    bool stopping;   /* asked to: whatever ends now is not restarted */
    bool restarting; /* asked to: what ends now is followed at once */
    bool hopeless;   /* it is killed for a deadline missed twice: health.why */
    bool hasten;     /* asked again */
    bool gave_up;    /* there were too many restarts in a window */
    enum wire_stop stop_level;
    enum supervise_exit code;   /* of a state that is over */
    struct spawner_event event; /* the one being handled */
    struct supervise_ending last;
    struct supervise_counters counters;

    void (*on_change)(void *context); /* after the state did; or NULL */
    void *on_change_context;
};

// Runs the app until it is over. Everything of SUPERVISOR above "since_usec" is set, the spawner is
// configured, the channel has its arena. Returns an enum supervise_exit or -errno.
int supervise_run(struct supervisor *supervisor);

// Before supervise_run(): EVENT happened, for the reason that FORMAT makes ("" for none).
void supervise_note(struct supervisor *supervisor, enum state_event event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// As SIGTERM and as an administrator's "restart" of the worker alone do. Return 0; -EAGAIN if the
// state is none for it; or -errno: our own failure.
int supervise_request_stop(struct supervisor *supervisor);
int supervise_request_restart(struct supervisor *supervisor);

// The configuration, or what follows from it, has changed: what is kept of it here is set anew.
void supervise_reconfigure(struct supervisor *supervisor);

// Somebody looks at the figures: those that have to be asked for are, for who looks again.
void supervise_look(struct supervisor *supervisor);

// What an administrator can do about the state, or NULL.
const char *supervise_remedy(const struct supervisor *supervisor);

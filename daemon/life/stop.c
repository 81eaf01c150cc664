// SPDX-License-Identifier: MIT
#include "daemon/life/stop.h"

#include <errno.h>

#include "base/log.h"

#define HASTEN_USEC 500000u
#define KILL_USEC 5000000u /* for a SIGKILL to be carried out, on a machine that swaps */

// The level goes into the control word, which a running VM polls; the upcall wakes one that sleeps.
static void tell(struct stop *stop, enum wire_stop level) {
    struct app *app = stop->app;

    stop->level = level;
    channel_stop(&app->channel, level);
    upcall_post(&app->upcalls, &app->channel, WIRE_UPCALL_STOP, 0, level);
    waits_wake(&app->waits);
}

static int escalate(struct stop *stop) {
    const char *name = stop->app->name;

    if (stop->level != WIRE_ABORT) {
        log_warning("%s: has not stopped, aborting it", name);
        tell(stop, WIRE_ABORT);
        timer_set(stop->timer, stop->abort_usec);
        return 0;
    }
    log_warning("%s: has not left the VM, killing it", name);
    return stop_kill(stop);
}

static int on_timer(void *context) {
    struct stop *stop = context;

    if (stop->killed) {
        return log_errno(-ETIMEDOUT, "%s: the spawner has not killed it", stop->app->name);
    }
    return escalate(stop);
}

void stop_set_deadlines(struct stop *stop, uint64_t stop_usec, uint64_t abort_usec) {
    stop->stop_usec = stop_usec;
    stop->abort_usec = abort_usec;
}

int stop_init(struct stop *stop, struct app *app, struct spawner *spawner, uint64_t stop_usec,
              uint64_t abort_usec) {
    *stop = (struct stop){
        .app = app, .spawner = spawner, .stop_usec = stop_usec, .abort_usec = abort_usec};
    return timer_new(app->loop, on_timer, stop, &stop->timer);
}

void stop_done(struct stop *stop) {
    stop->timer = timer_free(stop->timer);
}

int stop_begin(struct stop *stop, enum wire_stop level) {
    if (stop->level == WIRE_RUN) {
        tell(stop, level);
        stop->since_usec = loop_now_usec();
        timer_set(stop->timer, stop->stop_usec);
    }
    return 0;
}

int stop_hasten(struct stop *stop) {
    if (stop->level == WIRE_RUN || stop->killed ||
        loop_now_usec() - stop->since_usec < HASTEN_USEC) {
        return 0;
    }
    stop->since_usec = loop_now_usec();
    return escalate(stop);
}

int stop_kill(struct stop *stop) {
    stop->killed = true;
    timer_set(stop->timer, KILL_USEC);
    return spawner_kill(stop->spawner);
}

void stop_end(struct stop *stop) {
    timer_clear(stop->timer);
    stop->level = WIRE_RUN;
    stop->killed = false;
}

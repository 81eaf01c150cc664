// SPDX-License-Identifier: MIT
#include "daemon/life/lifecycle.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/message-ids.h"
#include "daemon/life/announce.h"
#include "daemon/life/supervise.h"
#include "daemon/record/probe.h"

#define ADVICE_USEC (3600 * 1000000ull) /* between two lines about a storage that is corrupt */

void lifecycle_give_reason(struct supervisor *supervisor, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(supervisor->reason, sizeof(supervisor->reason), format, arguments);
    va_end(arguments);
}

const char *supervise_remedy(const struct supervisor *supervisor) {
    return state_rows[supervisor->state].advice;
}

// -- what is done on entering a state ------------------------------------------------------------

static int start_worker(struct supervisor *supervisor) {
    struct app *app = &supervisor->app;
    int r = 0;

    timer_clear(supervisor->retry);
    supervisor->executed = false;
    supervisor->restarting = false;
    supervisor->hopeless = false;
    supervisor->reason[0] = '\0';
    app_next_generation(app);
    r = kernel_page_next(&app->kernel_page, app->worker.generation);
    if (r < 0) {
        return log_errno(r, "%s: cannot get random numbers for a worker", app->name);
    }
    PROBE_WORKER_START(app->worker.generation);
    r = spawner_start(&supervisor->spawner, app->worker.generation);
    // One that is gone has said why, or its socket's end will: that is read next.
    if (r < 0 && r != -EPIPE && r != -ECONNRESET) {
        return log_errno(r, "%s: cannot ask for a worker", app->name);
    }
    // From here on its calls are served: they may come before the spawner's word that it started.
    app->worker.running = true;
    health_begin(&supervisor->health);
    return 0;
}

static int kill_worker(struct supervisor *supervisor) {
    int r = stop_kill(&supervisor->stop);

    return r < 0 ? log_errno(r, "%s: cannot ask for its end", supervisor->app.name) : 0;
}

// Also once more in that state: who is asked again is in a hurry, who breaks the protocol is
// killed.
static int stop_worker(struct supervisor *supervisor, enum state_event event) {
    struct stop *stop = &supervisor->stop;

    health_end(&supervisor->health);
    if (stop->killed) {
        return 0; // and nothing is asked of it any more
    }
    switch (event) {
    case EVENT_HOPELESS:
        supervisor->hopeless = true;
        log_error("%s: %s, again: killing it", supervisor->app.name, supervisor->health.why);
        return kill_worker(supervisor);
    case EVENT_BROKEN:
        return kill_worker(supervisor);
    case EVENT_STOP:
        return supervisor->hasten ? stop_hasten(stop) : stop_begin(stop, supervisor->stop_level);
    case EVENT_RESTART:
        return stop_begin(stop, WIRE_STOP);
    default:
        return 0;
    }
}

static int rest(struct supervisor *supervisor) {
    uint64_t delay_usec = supervisor->delay_usec;

    log_info("%s: starting again in %" PRIu64 " ms", supervisor->app.name, delay_usec / 1000);
    lifecycle_give_reason(
        supervisor, "%s; the next start is number %" PRIu32 " of at most %" PRIu64,
        supervisor->last.text, supervisor->restart.n_restarts, supervisor->config.restart_burst);
    timer_set(supervisor->retry, delay_usec);
    return 0;
}

static int suffer(struct supervisor *supervisor) {
    log_event(MESSAGE_ID_DEGRADED, LOG_WARNING, "%s: degraded: %s", supervisor->app.name,
              supervisor->health.why);
    lifecycle_give_reason(supervisor, "%s", supervisor->health.why);
    return 0;
}

static int recover(struct supervisor *supervisor, enum state from) {
    if (from == STATE_DEGRADED) {
        log_info("%s: well again", supervisor->app.name);
    }
    supervisor->reason[0] = '\0';
    return 0;
}

// The supervisor stays: whoever asks it learns what is wrong, and a restart would change nothing.
int lifecycle_advise(struct supervisor *supervisor) {
    log_event(MESSAGE_ID_CORRUPT, LOG_ERR, "%s: its storage is corrupt, nothing runs: %s; %s",
              supervisor->app.name, supervisor->reason, supervise_remedy(supervisor));
    timer_set(supervisor->retry, ADVICE_USEC);
    return 0;
}

static int leave(struct supervisor *supervisor) {
    loop_exit(supervisor->app.loop, supervisor->code);
    return 0;
}

static int enter(struct supervisor *supervisor, enum state from, enum state_event event) {
    switch (supervisor->state) {
    case STATE_STARTING:
        return from == STATE_STARTING ? 0 : start_worker(supervisor);
    case STATE_RUNNING:
        return from == STATE_RUNNING ? 0 : recover(supervisor, from);
    case STATE_DEGRADED:
        return event == EVENT_SICK ? suffer(supervisor) : 0;
    case STATE_STOPPING:
        return stop_worker(supervisor, event);
    case STATE_BACKOFF:
        return rest(supervisor);
    case STATE_FAILED:
    case STATE_ENDED:
        return leave(supervisor);
    default:
        return 0;
    }
}

int lifecycle_event(struct supervisor *supervisor, enum state_event event) {
    enum state from = supervisor->state;
    int to = state_next(from, event);
    int r = 0;

    if (to < 0) {
        return log_errno(to, "event %s while %s", state_event_name(event), state_rows[from].name);
    }
    if (to != (int)from) {
        supervisor->state = (enum state)to;
        supervisor->since_usec = loop_now_usec();
        supervisor->counters.state_changes++;
    }
    r = enter(supervisor, from, event);
    if (r < 0) {
        return r;
    }
    if (to != (int)from || event == EVENT_SICK) {
        announce_state(supervisor);
        if (supervisor->on_change) {
            supervisor->on_change(supervisor->on_change_context);
        }
    }
    return 0;
}

void supervise_note(struct supervisor *supervisor, enum state_event event, const char *format,
                    ...) {
    int to = state_next(supervisor->state, event);
    va_list arguments;

    if (to >= 0) {
        supervisor->state = (enum state)to;
    }
    va_start(arguments, format);
    (void)vsnprintf(supervisor->reason, sizeof(supervisor->reason), format, arguments);
    va_end(arguments);
    announce_state(supervisor);
}

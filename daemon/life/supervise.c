// SPDX-License-Identifier: MIT
#include "daemon/life/supervise.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/message-ids.h"
#include "daemon/crash/crash.h"
#include "daemon/life/announce.h"
#include "daemon/life/layers-report.h"
#include "daemon/life/lifecycle.h"
#include "daemon/life/reload.h"
#include "daemon/record/probe.h"

// -- what the spawner tells ----------------------------------------------------------------------

static int on_confined(struct supervisor *supervisor) {
    report_layers(supervisor->event.reports, supervisor->event.n_reports);
    layers_keep(&supervisor->layers, supervisor->event.reports, supervisor->event.n_reports);
    return lifecycle_event(supervisor, EVENT_CONFINED);
}

static int on_started(struct supervisor *supervisor) {
    const struct app *app = &supervisor->app;

    if (supervisor->executed) {
        return log_errno(-EPROTO, "%s: the spawner started a worker twice", app->name);
    }
    supervisor->executed = true;
    // mpyctl symbolize reads this: which image a traceback below is of.
    log_info("%s: started, generation %" PRIu32 ", version %s, image %s", app->name,
             app->worker.generation, supervisor->version, supervisor->image_id);
    if (app->worker.generation == 1) {
        memory_give_back();
    }
    return lifecycle_event(supervisor, EVENT_STARTED);
}

// Before there is a worker, none can be had here. Later a spawner that fails takes the worker
// along: that is the end of the supervisor too, which cannot make another (doc/decisions/0025).
static int on_failed(struct supervisor *supervisor) {
    const struct spawner_event *event = &supervisor->event;
    const char *name = supervisor->app.name;

    if (supervisor->executed || supervisor->state == STATE_BACKOFF) {
        (void)log_errno(event->error, "%s: the spawner failed: %s", name, event->what);
        return -ECONNRESET;
    }
    report_failure(name, event);
    lifecycle_give_reason(supervisor, "cannot start a worker: %s", event->what);
    supervisor->app.worker.running = false;
    supervisor->code = EXIT_SANDBOX;
    return lifecycle_event(supervisor, EVENT_FAILED);
}

static void tell_counters(const struct app *app) {
    const struct app_counters *counters = &app->counters;

    log_debug("%s: so far %" PRIu64 " workers, %" PRIu64 " of them broken; %" PRIu64
              " calls, %" PRIu64 " refused; %" PRIu64 " doorbells for nothing",
              app->name, counters->workers, counters->broken_workers, counters->calls,
              counters->refusals, counters->doorbells_idle);
}

static enum ending tell_ending(struct supervisor *supervisor) {
    const struct worker *worker = &supervisor->app.worker;
    struct supervise_ending *last = &supervisor->last;
    struct ending_facts facts = {
        .code = supervisor->event.code,
        .status = supervisor->event.status,
        .announced = worker->exiting,
        .announced_kind = worker->exit_kind,
        .announced_status = worker->exit_status,
        .broken = worker->broken,
        .killed = supervisor->stop.killed,
        .missed = supervisor->hopeless ? supervisor->health.why : NULL,
        .raised = supervisor->app.crashes.raised,
    };
    enum ending ending = ending_classify(&facts);
    bool expected = supervisor->stopping || supervisor->restarting;

    *last = (struct supervise_ending){
        .generation = worker->generation, .ending = ending, .at_usec = loop_now_usec()};
    last->n_open = ending_describe(ending, &facts, last->text);
    supervisor->counters.endings[ending]++;
    PROBE_WORKER_END(worker->generation, ending);
    if (ending_is_failure(ending)) {
        crash_report(&supervisor->app, &(struct crash_facts){.ending = ending,
                                                             .facts = &facts,
                                                             .text = last->text,
                                                             .expected = expected});
    } else {
        log_info("%s: %s", supervisor->app.name, last->text);
    }
    tell_counters(&supervisor->app);
    return ending;
}

static bool may_restart(struct supervisor *supervisor) {
    const struct config *config = &supervisor->config;
    struct restart_policy policy = {
        .delay_usec = config->restart_delay_usec,
        .delay_max_usec = config->restart_delay_max_usec,
        .burst = (uint32_t)config->restart_burst,
        .window_usec = config->restart_window_usec,
    };

    if (restart_next(&supervisor->restart, &policy, loop_now_usec(), &supervisor->delay_usec)) {
        return true;
    }
    supervisor->gave_up = true;
    log_event(MESSAGE_ID_GAVE_UP, LOG_ERR,
              "%s: giving up after %" PRIu32 " restarts within %" PRIu64 " s", supervisor->app.name,
              policy.burst, policy.window_usec / 1000000);
    return false;
}

// What follows the end of a worker.
static enum state_event decide(struct supervisor *supervisor, enum ending ending) {
    uint64_t restart = supervisor->config.restart;
    bool failed = ending_is_failure(ending);

    if (supervisor->stopping) {
        return EVENT_FINISHED;
    }
    if (supervisor->restarting) {
        supervisor->counters.restarts_asked++;
        return EVENT_ANEW;
    }
    if (ending_is_final(ending)) {
        return EVENT_GAVE_UP;
    }
    if (restart == CONFIG_RESTART_ALWAYS || (failed && restart == CONFIG_RESTART_ON_FAILURE)) {
        bool again = may_restart(supervisor);

        supervisor->counters.restarts += again;
        return again ? EVENT_AGAIN : EVENT_GAVE_UP;
    }
    return failed ? EVENT_GAVE_UP : EVENT_FINISHED;
}

static int on_ended(struct supervisor *supervisor) {
    enum state_event event = decide(supervisor, tell_ending(supervisor));

    supervisor->executed = true;
    supervisor->code = event == EVENT_GAVE_UP ? EXIT_GAVE_UP : EXIT_ENDED;
    lifecycle_give_reason(supervisor, "%s", event == EVENT_FINISHED ? "" : supervisor->last.text);
    health_cpu_end(&supervisor->health, supervisor->event.cpu_usec);
    health_end(&supervisor->health);
    stop_end(&supervisor->stop);
    app_reap(&supervisor->app);
    return lifecycle_event(supervisor, event);
}

static int on_used(struct supervisor *supervisor) {
    const struct spawner_event *event = &supervisor->event;

    if (event->error != 0) {
        log_warning("%s: cannot tell how much of the processor it takes: %s", supervisor->app.name,
                    strerror(abs(event->error)));
        return 0;
    }
    return health_cpu(&supervisor->health, event->cpu_usec);
}

// Of an earlier worker, whose end was already told: nothing to do with the one that runs now.
static bool is_stale(const struct supervisor *supervisor) {
    const struct spawner_event *event = &supervisor->event;

    return event->kind != SPAWNER_READY && event->kind != SPAWNER_FAILED &&
           event->generation != supervisor->app.worker.generation;
}

static int on_spawner(void *context, uint32_t events) {
    static int (*const functions[])(struct supervisor * supervisor) = {
        [SPAWNER_READY] = on_confined, [SPAWNER_STARTED] = on_started, [SPAWNER_FAILED] = on_failed,
        [SPAWNER_ENDED] = on_ended,    [SPAWNER_USED] = on_used,
    };
    struct supervisor *supervisor = context;
    int r = 0;

    // One that failed says so and is gone: of the two, the first is the reason.
    while (!state_rows[supervisor->state].is_over &&
           (r = spawner_receive(&supervisor->spawner, &supervisor->event)) > 0) {
        uint32_t kind = supervisor->event.kind;

        if (kind < SPAWNER_READY || kind > SPAWNER_USED) {
            return log_errno(-EPROTO, "spawner said %" PRIu32, kind);
        }
        r = is_stale(supervisor) ? 0 : functions[kind](supervisor);
        if (r < 0) {
            return r;
        }
    }
    return r < 0 ? log_errno(r, "%s: the spawner is gone", supervisor->app.name) : 0;
}

// -- the other events ----------------------------------------------------------------------------

static int on_retry(void *context) {
    struct supervisor *supervisor = context;

    return supervisor->state == STATE_CORRUPT ? lifecycle_advise(supervisor)
                                              : lifecycle_event(supervisor, EVENT_RETRY);
}

static int on_feeder(void *context) {
    struct supervisor *supervisor = context;

    announce_life(supervisor);
    timer_set(supervisor->feeder, supervisor->notify.watchdog_usec / 3);
    return 0;
}

static int on_worker_broken(void *context) {
    return lifecycle_event(context, EVENT_BROKEN);
}

static int on_health(void *context, enum state_event event) {
    return lifecycle_event(context, event);
}

static int ask_cpu(void *context) {
    struct supervisor *supervisor = context;
    int r = spawner_measure(&supervisor->spawner);

    // One that is gone is told of by the end of its socket.
    return r == -EPIPE || r == -ECONNRESET || r == -EAGAIN ? 0 : r;
}

void supervise_look(struct supervisor *supervisor) {
    if (supervisor->app.worker.running) {
        (void)ask_cpu(supervisor);
    }
}

static int stop(struct supervisor *supervisor, enum wire_stop level, bool hasten) {
    if (state_rows[supervisor->state].is_over) {
        return 0;
    }
    supervisor->hasten = supervisor->stopping && hasten;
    supervisor->stopping = true;
    supervisor->stop_level = level;
    supervisor->code = EXIT_ENDED;
    return lifecycle_event(supervisor, EVENT_STOP);
}

static int on_stop(void *context, int number) {
    struct supervisor *supervisor = context;
    bool interrupt = number == SIGINT;

    // A terminal that hangs up is no wish for another configuration.
    if (number == SIGHUP && !supervisor->terminal) {
        struct reload_result result;
        char why[CONFIG_WHY_SIZE];
        int r = reload(supervisor, &result, why);

        return r < 0 ? r : 0;
    }

    return stop(supervisor, interrupt && supervisor->terminal ? WIRE_INTERRUPT : WIRE_STOP,
                interrupt);
}

int supervise_request_stop(struct supervisor *supervisor) {
    return stop(supervisor, WIRE_STOP, false);
}

int supervise_request_restart(struct supervisor *supervisor) {
    if (supervisor->stopping || state_next(supervisor->state, EVENT_RESTART) < 0) {
        return -EAGAIN;
    }
    supervisor->restarting = true;
    return lifecycle_event(supervisor, EVENT_RESTART);
}

static int make_sources(struct supervisor *supervisor) {
    struct app *app = &supervisor->app;
    const struct config *config = &supervisor->config;
    uint32_t spin_nsec = app->kernel_page.page->spin_nsec;
    int r = 0;

    r = signals_init(&supervisor->signals, app->loop, supervisor->spawner.pid, on_stop, supervisor);
    if (r == 0) {
        r = stop_init(&supervisor->stop, app, &supervisor->spawner, config->stop_usec,
                      config->abort_usec);
    }
    if (r == 0) {
        r = timer_new(app->loop, on_retry, supervisor, &supervisor->retry);
    }
    if (r == 0) {
        r = timer_new(app->loop, on_feeder, supervisor, &supervisor->feeder);
    }
    if (r == 0) {
        r = health_init(&supervisor->health, app, &supervisor->health_policy, on_health, ask_cpu,
                        supervisor);
    }
    if (r == 0) {
        r = source_new(app->loop, supervisor->spawner.socket, EPOLLIN, on_spawner, supervisor,
                       &supervisor->spawner_source);
    }
    if (r == 0) {
        r = serve_init(&supervisor->serve, app, (uint32_t)config->doorbells, spin_nsec,
                       on_worker_broken, supervisor);
    }
    return r;
}

static void limit_calls(struct supervisor *supervisor) {
    uint64_t calls = supervisor->config.calls;

    serve_set_calls(&supervisor->serve, calls < CONFIG_CALLS_ANY ? (uint32_t)calls : 0);
}

void supervise_reconfigure(struct supervisor *supervisor) {
    const struct config *config = &supervisor->config;

    stop_set_deadlines(&supervisor->stop, config->stop_usec, config->abort_usec);
    serve_set_idle_rings(&supervisor->serve, (uint32_t)config->doorbells);
    limit_calls(supervisor);
    health_set_policy(&supervisor->health, &supervisor->health_policy);
}

// What the storage was found to be, if anything (supervise_note()), and the manager's watchdog.
static int begin(struct supervisor *supervisor) {
    limit_calls(supervisor);
    if (supervisor->notify.watchdog_usec > 0) {
        timer_set(supervisor->feeder, 0);
    }
    return supervisor->state == STATE_CORRUPT ? lifecycle_advise(supervisor) : 0;
}

int supervise_run(struct supervisor *supervisor) {
    int r = make_sources(supervisor);

    if (r < 0) {
        (void)log_errno(r, "%s: cannot make what is waited for", supervisor->app.name);
    }
    log_room_init(&supervisor->log_room, supervisor->app.loop);
    supervisor->begun_usec = supervisor->since_usec = loop_now_usec();
    if (r == 0) {
        r = begin(supervisor);
    }
    if (r == 0) {
        r = loop_run(supervisor->app.loop);
    }
    serve_done(&supervisor->serve);
    supervisor->spawner_source = source_free(supervisor->spawner_source);
    supervisor->retry = timer_free(supervisor->retry);
    supervisor->feeder = timer_free(supervisor->feeder);
    health_done(&supervisor->health);
    stop_done(&supervisor->stop);
    signals_done(&supervisor->signals);
    log_room_done(&supervisor->log_room);
    return r;
}

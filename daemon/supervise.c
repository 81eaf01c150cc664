// SPDX-License-Identifier: MIT
#include "daemon/supervise.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "base/memory.h"
#include "daemon/ending.h"
#include "daemon/layers-report.h"

// An action carries out an event in a state and returns the next state, or -errno.
typedef int (*action)(struct supervisor *supervisor);

static int finish(struct supervisor *supervisor, enum supervise_exit code) {
    loop_exit(supervisor->app.loop, code);
    return SUPERVISE_DONE;
}

static int start_worker(struct supervisor *supervisor) {
    struct app *app = &supervisor->app;
    int r = 0;

    app_next_generation(app);
    r = kernel_page_next(&app->kernel_page, app->worker.generation);
    if (r < 0) {
        return log_errno(r, "%s: cannot get random numbers for a worker", app->name);
    }
    r = spawner_start(&supervisor->spawner, app->worker.generation);
    // One that is gone has said why, or its socket's end will: that is read next.
    if (r < 0 && r != -EPIPE && r != -ECONNRESET) {
        return log_errno(r, "%s: cannot ask for a worker", app->name);
    }
    // From here on its calls are served: they may come before the spawner's word that it started.
    app->worker.running = true;
    return SUPERVISE_STARTING;
}

static int on_ready(struct supervisor *supervisor) {
    report_layers(supervisor->event.reports, supervisor->event.n_reports);
    return start_worker(supervisor);
}

static int on_started(struct supervisor *supervisor) {
    // mpyctl symbolize reads this: which image a traceback below is of.
    log_info("%s: started, generation %" PRIu32 ", version %s, image %s", supervisor->app.name,
             supervisor->app.worker.generation, supervisor->version, supervisor->image_id);
    if (supervisor->app.worker.generation == 1) {
        memory_give_back();
    }
    return SUPERVISE_RUNNING;
}

static int on_failed(struct supervisor *supervisor) {
    report_failure(supervisor->app.name, &supervisor->event);
    supervisor->app.worker.running = false;
    return finish(supervisor, EXIT_SANDBOX);
}

// A worker that runs ends with it.
static int on_lost(struct supervisor *supervisor) {
    const struct spawner_event *event = &supervisor->event;

    (void)log_errno(event->error, "%s: the spawner failed: %s", supervisor->app.name, event->what);
    return -ECONNRESET;
}

static int on_broken(struct supervisor *supervisor) {
    int r = stop_kill(&supervisor->stop);

    return r < 0 ? log_errno(r, "%s: cannot ask for its end", supervisor->app.name)
                 : SUPERVISE_KILLING;
}

static int begin_stop(struct supervisor *supervisor) {
    struct stop *stop = &supervisor->stop;
    int r = supervisor->hasten ? stop_hasten(stop) : stop_begin(stop, supervisor->stop_level);

    return r < 0 ? r : (int)supervisor->state;
}

static int stay(struct supervisor *supervisor) {
    return supervisor->state;
}

static int end_now(struct supervisor *supervisor) {
    return finish(supervisor, EXIT_ENDED);
}

// -- the end of a worker -------------------------------------------------------------------------

static void tell_counters(const struct app *app) {
    const struct app_counters *counters = &app->counters;

    log_debug("%s: so far %" PRIu64 " workers, %" PRIu64 " of them broken; %" PRIu64
              " calls, %" PRIu64 " refused; %" PRIu64 " doorbells for nothing",
              app->name, counters->workers, counters->broken_workers, counters->calls,
              counters->refusals, counters->doorbells_idle);
}

static enum ending tell_ending(struct supervisor *supervisor) {
    const struct worker *worker = &supervisor->app.worker;
    struct ending_facts facts = {
        .code = supervisor->event.code,
        .status = supervisor->event.status,
        .announced = worker->exiting,
        .announced_kind = worker->exit_kind,
        .announced_status = worker->exit_status,
        .broken = worker->broken,
        .killed = supervisor->stop.killed,
    };
    enum ending ending = ending_classify(&facts);
    bool expected = !ending_is_failure(ending) || supervisor->stopping;
    char text[ENDING_TEXT_SIZE];

    ending_describe(ending, &facts, text);
    log_message(expected ? LOG_INFO : LOG_ERR, "%s: %s", supervisor->app.name, text);
    tell_counters(&supervisor->app);
    return ending;
}

static int rest(struct supervisor *supervisor) {
    const struct config *config = &supervisor->config;
    struct restart_policy policy = {
        .delay_usec = config->restart_delay_usec,
        .delay_max_usec = config->restart_delay_max_usec,
        .burst = (uint32_t)config->restart_burst,
        .window_usec = config->restart_window_usec,
    };
    const char *name = supervisor->app.name;
    uint64_t delay_usec = 0;

    if (!restart_next(&supervisor->restart, &policy, loop_now_usec(), &delay_usec)) {
        log_error("%s: giving up after %" PRIu32 " restarts within %" PRIu64 " s", name,
                  policy.burst, policy.window_usec / 1000000);
        return finish(supervisor, EXIT_GAVE_UP);
    }
    log_info("%s: starting again in %" PRIu64 " ms", name, delay_usec / 1000);
    timer_set(supervisor->retry, delay_usec);
    return SUPERVISE_RESTING;
}

static int on_ended(struct supervisor *supervisor) {
    enum ending ending = tell_ending(supervisor);
    uint64_t restart = supervisor->config.restart;
    bool failed = ending_is_failure(ending);

    stop_end(&supervisor->stop);
    app_reap(&supervisor->app);
    if (supervisor->stopping) {
        return finish(supervisor, EXIT_ENDED);
    }
    if (ending_is_final(ending)) {
        return finish(supervisor, EXIT_GAVE_UP);
    }
    if (restart == CONFIG_RESTART_ALWAYS || (failed && restart == CONFIG_RESTART_ON_FAILURE)) {
        return rest(supervisor);
    }
    return finish(supervisor, failed ? EXIT_GAVE_UP : EXIT_ENDED);
}

// -- the machine ---------------------------------------------------------------------------------

// An empty place is an event that cannot be: a mistake of ours or of the spawner, and the end.
static const action actions[SUPERVISE_STATES][SUPERVISE_EVENTS] = {
    [SUPERVISE_BOOTING] =
        {
            [SUPERVISE_READY] = on_ready,
            [SUPERVISE_FAILED] = on_failed,
            [SUPERVISE_STOP] = end_now,
        },
    [SUPERVISE_STARTING] =
        {
            [SUPERVISE_STARTED] = on_started,
            [SUPERVISE_FAILED] = on_failed,
            [SUPERVISE_ENDED] = on_ended,
            [SUPERVISE_BROKEN] = on_broken,
            [SUPERVISE_STOP] = begin_stop,
        },
    [SUPERVISE_RUNNING] =
        {
            [SUPERVISE_FAILED] = on_lost,
            [SUPERVISE_ENDED] = on_ended,
            [SUPERVISE_BROKEN] = on_broken,
            [SUPERVISE_STOP] = begin_stop,
        },
    [SUPERVISE_KILLING] =
        {
            [SUPERVISE_STARTED] = stay, // told late: its first words had broken the protocol
            [SUPERVISE_FAILED] = on_lost,
            [SUPERVISE_ENDED] = on_ended,
            [SUPERVISE_BROKEN] = stay,
            [SUPERVISE_STOP] = stay,
        },
    [SUPERVISE_RESTING] =
        {
            [SUPERVISE_FAILED] = on_lost,
            [SUPERVISE_RETRY] = start_worker,
            [SUPERVISE_STOP] = end_now,
        },
    [SUPERVISE_DONE] =
        {
            [SUPERVISE_READY] = stay,
            [SUPERVISE_STARTED] = stay,
            [SUPERVISE_FAILED] = stay,
            [SUPERVISE_ENDED] = stay,
            [SUPERVISE_BROKEN] = stay,
            [SUPERVISE_RETRY] = stay,
            [SUPERVISE_STOP] = stay,
        },
};

static int handle_event(struct supervisor *supervisor, enum supervise_event event) {
    action act = actions[supervisor->state][event];
    int r = act ? act(supervisor) : -EPROTO;

    if (r < 0) {
        return act ? r : log_errno(r, "event %d in state %d", event, supervisor->state);
    }
    supervisor->state = (enum supervise_state)r;
    return 0;
}

// -- where events come from ----------------------------------------------------------------------

// Of an earlier worker, whose end was already told: nothing to do with the one that runs now.
static bool is_stale(const struct supervisor *supervisor) {
    const struct spawner_event *event = &supervisor->event;

    return (event->kind == SPAWNER_STARTED || event->kind == SPAWNER_ENDED) &&
           event->generation != supervisor->app.worker.generation;
}

static int on_spawner(void *context, uint32_t events) {
    static const enum supervise_event kinds[] = {
        [SPAWNER_READY] = SUPERVISE_READY,
        [SPAWNER_STARTED] = SUPERVISE_STARTED,
        [SPAWNER_FAILED] = SUPERVISE_FAILED,
        [SPAWNER_ENDED] = SUPERVISE_ENDED,
    };
    struct supervisor *supervisor = context;
    int r = 0;

    // One that failed says so and is gone: of the two, the first is the reason.
    while (supervisor->state != SUPERVISE_DONE &&
           (r = spawner_receive(&supervisor->spawner, &supervisor->event)) > 0) {
        uint32_t kind = supervisor->event.kind;

        if (kind < SPAWNER_READY || kind > SPAWNER_ENDED) {
            return log_errno(-EPROTO, "spawner said %" PRIu32, kind);
        }
        r = is_stale(supervisor) ? 0 : handle_event(supervisor, kinds[kind]);
        if (r < 0) {
            return r;
        }
    }
    return r < 0 ? log_errno(r, "%s: the spawner is gone", supervisor->app.name) : 0;
}

static int on_retry(void *context) {
    return handle_event(context, SUPERVISE_RETRY);
}

static int on_worker_broken(void *context) {
    return handle_event(context, SUPERVISE_BROKEN);
}

static int on_stop(void *context, int number) {
    struct supervisor *supervisor = context;

    supervisor->hasten = supervisor->stopping && number == SIGINT;
    supervisor->stopping = true;
    supervisor->stop_level = number == SIGINT && supervisor->terminal ? WIRE_INTERRUPT : WIRE_STOP;
    return handle_event(supervisor, SUPERVISE_STOP);
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
        r = source_new(app->loop, supervisor->spawner.socket, EPOLLIN, on_spawner, supervisor,
                       &supervisor->spawner_source);
    }
    if (r == 0) {
        r = serve_init(&supervisor->serve, app, (uint32_t)config->doorbells, spin_nsec,
                       on_worker_broken, supervisor);
    }
    return r;
}

int supervise_run(struct supervisor *supervisor) {
    int r = make_sources(supervisor);

    if (r < 0) {
        (void)log_errno(r, "%s: cannot make what is waited for", supervisor->app.name);
    }
    log_room_init(&supervisor->log_room, supervisor->app.loop);
    if (r == 0) {
        r = loop_run(supervisor->app.loop);
    }
    serve_done(&supervisor->serve);
    supervisor->spawner_source = source_free(supervisor->spawner_source);
    supervisor->retry = timer_free(supervisor->retry);
    stop_done(&supervisor->stop);
    signals_done(&supervisor->signals);
    log_room_done(&supervisor->log_room);
    return r;
}

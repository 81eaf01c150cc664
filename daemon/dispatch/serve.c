// SPDX-License-Identifier: MIT
#include "daemon/dispatch/serve.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/record/record.h"

#define BATCH 32        /* calls between two stores of the completion tail */
#define BATCHES 64      /* before other descriptors have their turn, ... */
#define CALLS 256       /* ... and calls in them */
#define POLL_USEC 1000u /* how late a call may be served while the doorbell is disarmed */
#define POLLS 100       /* before the doorbell is tried again */

// -- calls a second ------------------------------------------------------------------------------

static bool has_calls(const struct channel *channel) {
    return __atomic_load_n(&channel->header->submission_tail, __ATOMIC_RELAXED) !=
           channel->submission_head;
}

// Its calls wait in the ring, and the doorbell with them: neither costs us anything meanwhile. For
// a hundredth of a second's calls at once, so that a high rate does not need a timer for each.
static int begin_pause(struct serve *serve) {
    uint32_t n = serve->calls.rate / 100;
    uint64_t usec = quota_wait_usec(&serve->calls, n > 0 ? n : 1);

    serve->pausing = true;
    serve->rung = false;
    serve->app->counters.calls_delayed++;
    timer_set(serve->pause, usec);
    return source_set_events(serve->doorbell, 0);
}

static int on_pause(void *context) {
    struct serve *serve = context;

    serve->pausing = false;
    return serve->disarmed ? 0 : source_set_events(serve->doorbell, EPOLLIN | EPOLLET);
}

// Whether the next call may be served now. Returns 1, 0 or -errno.
static int may_serve(struct serve *serve) {
    if (!serve->limited || !has_calls(&serve->app->channel) ||
        quota_take(&serve->calls, loop_now_usec())) {
        return 1;
    }
    return begin_pause(serve);
}

void serve_set_calls(struct serve *serve, uint32_t calls) {
    serve->limited = calls > 0;
    quota_init(&serve->calls, calls, loop_now_usec());
}

// ------------------------------------------------------------------------------------------------

// Returns how many calls were served, or -errno.
static int serve_batch(struct serve *serve) {
    int n = 0;
    int r = 0;

    while (n < BATCH && (r = may_serve(serve)) > 0 && (r = dispatch_next(serve->app)) > 0) {
        n++;
    }
    return r < 0 ? r : n;
}

// What sources and handlers completed since the last time goes out together.
static int flush(struct serve *serve) {
    struct app *app = serve->app;
    int r = 0;

    waits_check(&app->waits);
    if (app->channel.broken) {
        (void)app_break(app, "%s", app->channel.broken);
    }
    if (app->worker.broken[0] != '\0') {
        return serve->on_broken(serve->context);
    }
    upcalls_retry(&app->upcalls, &app->channel);
    r = channel_flush(&app->channel);
    return r < 0 ? log_errno(r, "%s: cannot wake the worker", app->name) : 0;
}

// A ring that announced nothing is a mistake or an attack; a few come of races between ringing and
// being awake already.
static int judge_ring(struct serve *serve, int n_served) {
    bool idle = serve->rung && n_served == 0;

    serve->rung = false;
    if (!idle || serve->disarmed) {
        return 0;
    }
    serve->app->counters.doorbells_idle++;
    if (quota_take(&serve->idle_rings, loop_now_usec())) {
        return 0;
    }
    // Once for each worker: one that goes on for hours is to fill no disk with it.
    if (serve->warned_of != serve->app->worker.generation) {
        serve->warned_of = serve->app->worker.generation;
        log_warning("%s: rings without end and nothing to say; looking every %u us instead",
                    serve->app->name, POLL_USEC);
    }
    serve->app->counters.doorbells_polled++;
    serve->disarmed = true;
    serve->n_polls = POLLS;
    timer_set(serve->poll, POLL_USEC);
    return source_set_events(serve->doorbell, 0);
}

static int run(struct serve *serve) {
    struct app *app = serve->app;

    if (!app->worker.running) {
        return 0;
    }
    for (int i = 0, n_calls = 0; i < BATCHES && n_calls < CALLS; i++) {
        int n = serve->pausing ? 0 : serve_batch(serve);
        int r = n < 0 ? n : flush(serve);

        record_settle(app); // while the worker goes on with what was flushed
        n_calls += n;
        if (r == 0) {
            r = judge_ring(serve, n);
        }
        if (r < 0) {
            return r;
        }
        if (serve->pausing || !app->worker.running || app->worker.broken[0] != '\0' ||
            !channel_pending(&app->channel, serve->spin_nsec)) {
            return 0;
        }
    }
    return 1;
}

static int on_doorbell(void *context, uint32_t events) {
    struct serve *serve = context;

    serve->rung = true;
    return 0;
}

static int on_poll(void *context) {
    struct serve *serve = context;

    if (--serve->n_polls > 0) {
        timer_set(serve->poll, POLL_USEC);
        return 0;
    }
    serve->disarmed = false;
    return serve->pausing ? 0 : source_set_events(serve->doorbell, EPOLLIN | EPOLLET);
}

static int prepare(void *context) {
    struct serve *serve = context;

    record_turn(serve->app);
    return run(serve);
}

static void awake(void *context) {
    struct serve *serve = context;

    channel_awake(&serve->app->channel);
}

void serve_set_idle_rings(struct serve *serve, uint32_t idle_rings) {
    quota_init(&serve->idle_rings, idle_rings, loop_now_usec());
}

int serve_init(struct serve *serve, struct app *app, uint32_t idle_rings, uint32_t spin_nsec,
               int (*on_broken)(void *context), void *context) {
    int r = 0;

    *serve = (struct serve){
        .app = app, .spin_nsec = spin_nsec, .on_broken = on_broken, .context = context};
    quota_init(&serve->idle_rings, idle_rings, loop_now_usec());
    r = timer_new(app->loop, on_poll, serve, &serve->poll);
    if (r == 0) {
        r = timer_new(app->loop, on_pause, serve, &serve->pause);
    }
    if (r < 0) {
        return r;
    }
    // By edge and never read: a ring is one system call of the worker and none of ours.
    r = source_new(app->loop, app->channel.doorbell_fd, EPOLLIN | EPOLLET, on_doorbell, serve,
                   &serve->doorbell);
    if (r < 0) {
        return r;
    }
    loop_set_prepare(app->loop, prepare, awake, serve);
    return 0;
}

void serve_done(struct serve *serve) {
    if (serve->app) {
        loop_set_prepare(serve->app->loop, NULL, NULL, NULL);
    }
    serve->doorbell = source_free(serve->doorbell);
    serve->poll = timer_free(serve->poll);
    serve->pause = timer_free(serve->pause);
}

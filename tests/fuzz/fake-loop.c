// SPDX-License-Identifier: MIT
#include "tests/fuzz/fake-loop.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/queue.h>

#include "tests/fuzz/fuzz.h"

#define POLLED_MAX 128

struct source {
    int fd;
    uint32_t events; /* those of poll(2) and epoll(7) have the same numbers */
    source_function function;
    void *context;
    TAILQ_ENTRY(source) all;
};

struct timer {
    uint64_t due_usec; /* UINT64_MAX: not set */
    timer_function function;
    void *context;
    TAILQ_ENTRY(timer) all;
};

struct loop {
    bool exiting;
    int code;
    int (*prepare)(void *context);
    void (*awake)(void *context);
    void *context;
};

static struct loop the_loop;
static TAILQ_HEAD(, source) sources = TAILQ_HEAD_INITIALIZER(sources);
static TAILQ_HEAD(timers, timer) timers = TAILQ_HEAD_INITIALIZER(timers);
static unsigned n_sources, n_timers;
static uint64_t now_usec = 1000000;
static int (*sleep_function)(void);

int loop_new(struct loop **ret_loop) {
    the_loop = (struct loop){0};
    *ret_loop = &the_loop;
    return 0;
}

struct loop *loop_free(struct loop *loop) {
    return NULL;
}

void loop_set_prepare(struct loop *loop, int (*prepare)(void *context),
                      void (*awake)(void *context), void *context) {
    *loop = (struct loop){.prepare = prepare, .awake = awake, .context = context};
}

void loop_exit(struct loop *loop, int code) {
    loop->exiting = true;
    loop->code = code;
}

int loop_run(struct loop *loop) {
    loop->exiting = false;
    while (!loop->exiting) {
        int r = loop->prepare ? loop->prepare(loop->context) : 0;

        if (r < 0 || loop->exiting) {
            return r < 0 ? r : loop->code;
        }
        if (loop->awake) {
            loop->awake(loop->context);
        }
        r = sleep_function();
        if (r < 0) {
            return r;
        }
    }
    return loop->code;
}

int source_new(struct loop *loop, int fd, uint32_t events, source_function function, void *context,
               struct source **ret_source) {
    struct source *source = calloc(1, sizeof(*source));

    REQUIRE(source && fd >= 0);
    *source = (struct source){.fd = fd, .events = events, .function = function, .context = context};
    TAILQ_INSERT_TAIL(&sources, source, all);
    n_sources++;
    *ret_source = source;
    return 0;
}

int source_set_events(struct source *source, uint32_t events) {
    source->events = events;
    return 0;
}

struct source *source_free(struct source *source) {
    if (source) {
        TAILQ_REMOVE(&sources, source, all);
        n_sources--;
        free(source);
    }
    return NULL;
}

int timer_new(struct loop *loop, timer_function function, void *context, struct timer **ret_timer) {
    struct timer *timer = calloc(1, sizeof(*timer));

    REQUIRE(timer);
    *timer = (struct timer){.due_usec = UINT64_MAX, .function = function, .context = context};
    TAILQ_INSERT_TAIL(&timers, timer, all);
    n_timers++;
    *ret_timer = timer;
    return 0;
}

void timer_set(struct timer *timer, uint64_t usec) {
    if (__builtin_add_overflow(now_usec, usec, &timer->due_usec)) {
        timer->due_usec = UINT64_MAX;
    }
}

void timer_clear(struct timer *timer) {
    timer->due_usec = UINT64_MAX;
}

struct timer *timer_free(struct timer *timer) {
    if (timer) {
        TAILQ_REMOVE(&timers, timer, all);
        n_timers--;
        free(timer);
    }
    return NULL;
}

uint64_t loop_now_usec(void) {
    return now_usec;
}

// -- what the target makes happen ----------------------------------------------------------------

int fake_loop_turn(void) {
    int r = the_loop.prepare(the_loop.context);

    the_loop.awake(the_loop.context);
    return r;
}

void fake_loop_set_sleep(int (*sleep)(void)) {
    sleep_function = sleep;
}

int fake_loop_event(uint32_t which, uint32_t events) {
    struct source *source = TAILQ_FIRST(&sources);

    if (!source) {
        return 0;
    }
    for (uint32_t i = which % n_sources; i > 0; i--) {
        source = TAILQ_NEXT(source, all);
    }
    return source->function(source->context, events);
}

int fake_loop_event_of(int fd, uint32_t events) {
    struct source *source;

    TAILQ_FOREACH(source, &sources, all) {
        if (source->fd == fd) {
            return source->function(source->context, events);
        }
    }
    return 0;
}

// By descriptor: a source may be freed by what another does.
int fake_loop_poll(void) {
    struct pollfd polled[POLLED_MAX];
    struct source *source;
    unsigned n = 0;
    int n_told = 0;

    REQUIRE(n_sources <= POLLED_MAX);
    TAILQ_FOREACH(source, &sources, all) {
        polled[n++] = (struct pollfd){.fd = source->fd, .events = (short)source->events};
    }
    REQUIRE(poll(polled, n, 0) >= 0);
    for (unsigned i = 0; i < n; i++) {
        int r = polled[i].revents
                    ? fake_loop_event_of(polled[i].fd, (uint32_t)(unsigned short)polled[i].revents)
                    : 0;

        if (r < 0) {
            return r;
        }
        n_told += polled[i].revents != 0;
    }
    return n_told;
}

static struct timer *next_due(void) {
    struct timer *timer;

    TAILQ_FOREACH(timer, &timers, all) {
        if (timer->due_usec <= now_usec) {
            return timer;
        }
    }
    return NULL;
}

// What a timer sets for now is due at the next turn, as in the loop proper.
int fake_loop_pass(uint64_t usec) {
    struct timer *timer;
    int r = 0;

    now_usec += usec % 3600000000;
    for (unsigned n = n_timers; r == 0 && n > 0 && (timer = next_due()); n--) {
        timer->due_usec = UINT64_MAX;
        r = timer->function(timer->context);
    }
    return r;
}

unsigned fake_loop_count(void) {
    return n_sources + n_timers;
}

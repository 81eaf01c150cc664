// SPDX-License-Identifier: MIT
#include "daemon/loop/loop.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

// A loop of its own, and not a library's, because its wake-up is on the path of every call: one
// system call to sleep, none to arm a timer, and hooks at the very last moment before sleeping.

#define EVENTS_MAX 64
#define USEC_NEVER UINT64_MAX

struct source {
    struct loop *loop;
    int fd;
    source_function function;
    void *context;
};

struct timer {
    struct loop *loop;
    struct timer *previous, *next; /* all timers of the loop, set or not */
    uint64_t due_usec;             /* USEC_NEVER: not set */
    timer_function function;
    void *context;
};

struct loop {
    int epoll_fd;
    bool exiting;
    int code;
    bool no_pwait2; /* Linux before 5.11: sleep in milliseconds */

    int (*prepare)(void *context);
    void (*awake)(void *context);
    void *context;

    struct timer *timers;
    uint64_t due_usec; /* no timer is due before this */

    struct epoll_event events[EVENTS_MAX];
    int n_events;
    int next_event;
};

uint64_t loop_now_usec(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int loop_new(struct loop **ret_loop) {
    CLEANUP_FREE struct loop *loop = calloc(1, sizeof(*loop));

    if (!loop) {
        return -ENOMEM;
    }
    loop->due_usec = USEC_NEVER;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        return -errno;
    }
    *ret_loop = steal_ptr(&loop);
    return 0;
}

// Sources and timers are freed before their loop.
struct loop *loop_free(struct loop *loop) {
    if (loop) {
        close_fd(loop->epoll_fd);
        free(loop);
    }
    return NULL;
}

void loop_set_prepare(struct loop *loop, int (*prepare)(void *context),
                      void (*awake)(void *context), void *context) {
    loop->prepare = prepare;
    loop->awake = awake;
    loop->context = context;
}

void loop_exit(struct loop *loop, int code) {
    loop->exiting = true;
    loop->code = code;
}

// -- sources -------------------------------------------------------------------------------------

int source_new(struct loop *loop, int fd, uint32_t events, source_function function, void *context,
               struct source **ret_source) {
    CLEANUP_FREE struct source *source = calloc(1, sizeof(*source));
    struct epoll_event event = {.events = events};

    if (!source) {
        return -ENOMEM;
    }
    *source = (struct source){.loop = loop, .fd = fd, .function = function, .context = context};
    event.data.ptr = source;
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        return -errno;
    }
    *ret_source = steal_ptr(&source);
    return 0;
}

int source_set_events(struct source *source, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = source};

    if (epoll_ctl(source->loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) < 0) {
        return -errno;
    }
    return 0;
}

// Also takes back what epoll has already said about it: functions free each other's sources.
struct source *source_free(struct source *source) {
    if (!source) {
        return NULL;
    }

    struct loop *loop = source->loop;

    (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
    for (int i = loop->next_event; i < loop->n_events; i++) {
        if (loop->events[i].data.ptr == source) {
            loop->events[i].data.ptr = NULL;
        }
    }
    free(source);
    return NULL;
}

// -- timers --------------------------------------------------------------------------------------

int timer_new(struct loop *loop, timer_function function, void *context, struct timer **ret_timer) {
    struct timer *timer = calloc(1, sizeof(*timer));

    if (!timer) {
        return -ENOMEM;
    }
    *timer = (struct timer){.loop = loop,
                            .next = loop->timers,
                            .due_usec = USEC_NEVER,
                            .function = function,
                            .context = context};
    if (loop->timers) {
        loop->timers->previous = timer;
    }
    loop->timers = timer;
    *ret_timer = timer;
    return 0;
}

void timer_set(struct timer *timer, uint64_t usec) {
    if (__builtin_add_overflow(loop_now_usec(), usec, &timer->due_usec)) {
        timer->due_usec = USEC_NEVER;
    }
    if (timer->due_usec < timer->loop->due_usec) {
        timer->loop->due_usec = timer->due_usec;
    }
}

// Leaves the loop's own due time: an early look at the timers is cheaper than a search here.
void timer_clear(struct timer *timer) {
    timer->due_usec = USEC_NEVER;
}

struct timer *timer_free(struct timer *timer) {
    if (!timer) {
        return NULL;
    }
    if (timer->previous) {
        timer->previous->next = timer->next;
    } else {
        timer->loop->timers = timer->next;
    }
    if (timer->next) {
        timer->next->previous = timer->previous;
    }
    free(timer);
    return NULL;
}

static struct timer *timer_due(struct loop *loop, uint64_t now) {
    uint64_t earliest = USEC_NEVER;
    struct timer *due = NULL;

    for (struct timer *timer = loop->timers; timer; timer = timer->next) {
        if (timer->due_usec < earliest) {
            earliest = timer->due_usec;
            due = timer;
        }
    }
    loop->due_usec = earliest;
    return earliest <= now ? due : NULL;
}

// A function may set, clear and free any timer, so the search starts anew after each. What a timer
// sets for now is due at the next turn: a timer that is always due does not starve descriptors.
static int run_timers(struct loop *loop) {
    uint64_t now;
    struct timer *timer;

    if (loop->due_usec == USEC_NEVER) {
        return 0;
    }
    now = loop_now_usec();
    if (loop->due_usec > now) {
        return 0;
    }
    while (!loop->exiting && (timer = timer_due(loop, now))) {
        int r;

        timer->due_usec = USEC_NEVER;
        r = timer->function(timer->context);
        if (r < 0) {
            return r;
        }
        if (loop->due_usec > now) {
            break;
        }
    }
    return 0;
}

// -- the loop ------------------------------------------------------------------------------------

static int wait_pwait2(struct loop *loop, uint64_t usec) {
    struct timespec timeout = {.tv_sec = (time_t)(usec / 1000000),
                               .tv_nsec = (long)(usec % 1000000) * 1000};

    return (int)syscall(SYS_epoll_pwait2, loop->epoll_fd, loop->events, EVENTS_MAX, &timeout, NULL,
                        0);
}

// Rounds up: a timer that fires early would be looked at twice.
static int wait_milliseconds(struct loop *loop, uint64_t usec) {
    uint64_t milliseconds = usec / 1000 + (usec % 1000 != 0);
    int timeout = milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds;

    return epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, timeout);
}

static int wait_events(struct loop *loop, bool sleep) {
    uint64_t now;
    int n;

    if (!sleep) {
        return epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, 0);
    }
    if (loop->due_usec == USEC_NEVER) {
        return epoll_wait(loop->epoll_fd, loop->events, EVENTS_MAX, -1);
    }
    now = loop_now_usec();
    now = loop->due_usec > now ? loop->due_usec - now : 0;
    if (!loop->no_pwait2) {
        n = wait_pwait2(loop, now);
        if (n >= 0 || (errno != ENOSYS && errno != EPERM)) {
            return n;
        }
        loop->no_pwait2 = true;
    }
    return wait_milliseconds(loop, now);
}

static int run_events(struct loop *loop) {
    for (loop->next_event = 0; loop->next_event < loop->n_events && !loop->exiting;) {
        struct epoll_event *event = &loop->events[loop->next_event++];
        struct source *source = event->data.ptr;
        int r = source ? source->function(source->context, event->events) : 0;

        if (r < 0) {
            return r;
        }
    }
    return 0;
}

static int run_once(struct loop *loop) {
    int r = loop->prepare ? loop->prepare(loop->context) : 0;

    if (r < 0 || loop->exiting) {
        return r < 0 ? r : 0;
    }
    loop->n_events = wait_events(loop, r == 0);
    r = errno;
    if (loop->awake) {
        loop->awake(loop->context);
    }
    if (loop->n_events < 0) {
        loop->n_events = 0;
        return r == EINTR ? 0 : log_errno(r, "cannot wait for events");
    }
    r = run_events(loop);
    loop->n_events = 0;
    return r < 0 ? r : run_timers(loop);
}

int loop_run(struct loop *loop) {
    loop->exiting = false;
    while (!loop->exiting) {
        int r = run_once(loop);

        if (r < 0) {
            return r;
        }
    }
    return loop->code;
}

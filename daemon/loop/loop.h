// SPDX-License-Identifier: MIT
#pragma once

// The supervisor's event loop: descriptors and timers, one thread, no allocation after adding.

#include <stdint.h>

struct loop;
struct source; /* a descriptor in the loop */
struct timer;

typedef int (*source_function)(void *context, uint32_t events);
typedef int (*timer_function)(void *context);

int loop_new(struct loop **ret_loop);
struct loop *loop_free(struct loop *loop);

// Calls FUNCTION(CONTEXT, events) when FD has EVENTS (EPOLLIN ...; EPOLLET allowed). FD stays the
// caller's and must outlive the source. A negative return ends loop_run() with it. Returns 0 or
// -errno.
int source_new(struct loop *loop, int fd, uint32_t events, source_function function, void *context,
               struct source **ret_source);
int source_set_events(struct source *source, uint32_t events);
struct source *source_free(struct source *source);

// A timer on CLOCK_MONOTONIC, not set at first. timer_set() replaces what was set; USEC is from
// now.
int timer_new(struct loop *loop, timer_function function, void *context, struct timer **ret_timer);
void timer_set(struct timer *timer, uint64_t usec);
void timer_clear(struct timer *timer);
struct timer *timer_free(struct timer *timer);

// PREPARE is called each time before the loop sleeps: it returns 1 if the loop must not (work is
// pending; it then looks at its sources without sleeping and calls again), or -errno to end
// loop_run(). AWAKE is called right after. NULL, NULL takes them away.
void loop_set_prepare(struct loop *loop, int (*prepare)(void *context),
                      void (*awake)(void *context), void *context);

// Runs until loop_exit() or a function fails. Returns the code or -errno.
int loop_run(struct loop *loop);
void loop_exit(struct loop *loop, int code);

uint64_t loop_now_usec(void); /* CLOCK_MONOTONIC */

// SPDX-License-Identifier: MIT

// A worker without MicroPython that times calls from inside: the caller and the proxies of every
// image, in C. The app's name says what it measures; it logs one line "= WHAT NANOSECONDS" each.

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "tests/bench/slices.h"
#include "vm/app.h"
#include "vm/start.h"

#define NULL_CALLS 300
#define SETTLE_USEC 300000 /* for ./bench to put both processes where it wants them */

static char heap[64 << 10]; /* the manifest promises one */

const struct app_image app_image = {.heap = heap, .heap_size = sizeof(heap), .arena_size = ARENA};

void caller_on_upcall(uint32_t kind, uint32_t tag, int64_t result) {
}

int caller_should_cancel(void) {
    return 0;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...) {
    char text[80];
    va_list arguments;
    int n = 0;

    va_start(arguments, format);
    n = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)call_log_write(LOG_WRITE_LEVEL_INFO, text, (size_t)n);
}

// -- the null call -------------------------------------------------------------------------------

static void nop(void *context) {
    if (call_channel_nop() != 0) {
        _exit(WIRE_EXIT_CHANNEL);
    }
}

static const struct slice_item null_call = {.once = nop, .n = NULL_CALLS};

// Says also where both ran: who measures across CPUs must know that it was across.
static void measure_null(void) {
    double nsec = 0;

    (void)call_channel_wait(caller_generation(), SETTLE_USEC);
    slices_measure(&null_call, 1, &nsec);
    say("= null %.1f", nsec);
    say("= cpu %u", doorbell_cpu());
    say("= supervisor-cpu %u", caller.header->supervisor_cpu);
}

static const struct {
    const char *name;
    void (*run)(void);
} measurements[] = {
    {"null", measure_null},
};

int main(void) {
    start_worker();
    for (size_t i = 0; i < sizeof(measurements) / sizeof(measurements[0]); i++) {
        if (strcmp(measurements[i].name, caller.kernel->app) == 0) {
            measurements[i].run();
        }
    }
    (void)call_channel_exit(WIRE_EXIT_OK, 0);
    _exit(WIRE_EXIT_OK);
}

// SPDX-License-Identifier: MIT

// A worker without MicroPython that times calls from inside: the caller and the proxies of every
// image, in C. The app's name says what it measures; it logs one line "= WHAT NANOSECONDS" each.

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "tests/bench/slices.h"
#include "vm/app.h"
#include "vm/start.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define NULL_CALLS 60 /* in a slice, some 200 us: short of what interrupts it */
#define BATCHES 20
#define PAYLOAD_CALLS 20
#define SETTLE_USEC 500000 /* for ./bench to put both processes where it wants them */

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

// -- many calls a doorbell -----------------------------------------------------------------------

static void batch(void *context) {
    const uint64_t none[WIRE_ARGS] = {0};
    uint32_t tags[WIRE_SUBMISSIONS];
    const unsigned *size = context;

    for (unsigned i = 0; i < *size; i++) {
        tags[i] = caller_submit(CALL_CHANNEL_NOP, none);
    }
    caller_flush();
    for (unsigned i = 0; i < *size; i++) {
        if (caller_wait(tags[i]) != 0) {
            _exit(WIRE_EXIT_CHANNEL);
        }
    }
}

static void measure_batch(void) {
    static unsigned sizes[] = {1, 2, 4, 8, 16, 32, 64};
    struct slice_item items[N(sizes) + 1] = {null_call};
    double nsec[N(items)];

    for (unsigned i = 0; i < N(sizes); i++) {
        items[i + 1] = (struct slice_item){batch, &sizes[i], BATCHES};
    }
    slices_measure(items, N(items), nsec);
    say("= null %.1f", nsec[0]);
    for (unsigned i = 0; i < N(sizes); i++) {
        say("= batch-%u %.2f", sizes[i], nsec[i + 1] / sizes[i]);
    }
}

// -- bytes ---------------------------------------------------------------------------------------

// A request of SIZE bytes: socket.send to a datagram socket that is connected to nobody. Its stub
// takes the bytes as of every request; then Linux refuses it, so that what a network costs is not
// in it. What is longer than one call may be goes as several with one doorbell.
#define PAYLOAD_MAX (1u << 20)
#define PAYLOAD_OF_CALL (64u << 10)

static uint32_t payload_socket;
static uint8_t *payload_arena;
static uint8_t payload[PAYLOAD_MAX];

static void check_refused(int64_t result) {
    if (result != -EDESTADDRREQ && result != -EMSGSIZE) {
        say("send returned %lld", (long long)result);
        _exit(WIRE_EXIT_CHANNEL);
    }
}

// The bytes are in the arena: the supervisor's copy is the only one.
static void send_built(void *context) {
    const size_t *size = context;
    uint32_t tags[PAYLOAD_MAX / PAYLOAD_OF_CALL];
    unsigned n = 0;
    size_t at = 0;

    do {
        size_t part = *size - at < PAYLOAD_OF_CALL ? *size - at : PAYLOAD_OF_CALL;
        uint64_t arg[WIRE_ARGS] = {payload_socket, caller_pack(payload_arena + at, part)};

        tags[n++] = caller_submit(CALL_SOCKET_SEND, arg);
        at += part;
    } while (at < *size);
    caller_flush();
    for (unsigned i = 0; i < n; i++) {
        check_refused(caller_wait(tags[i]));
    }
}

// The bytes are the app's: the proxy copies them to the arena first, as for Python.
static void send_copied(void *context) {
    const size_t *size = context;

    check_refused(call_socket_send(payload_socket, payload, *size));
}

static void measure_payload(void) {
    static size_t sizes[] = {0, 64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20};
    static size_t usual = PAYLOAD_OF_CALL;
    struct slice_item items[N(sizes) + 2] = {null_call, {send_copied, &usual, PAYLOAD_CALLS}};
    double nsec[N(items)];
    int64_t handle = call_socket_open(SOCKET_OPEN_FAMILY_INET, SOCKET_OPEN_TYPE_DGRAM);

    payload_arena = caller_alloc(PAYLOAD_MAX);
    if (handle < 0 || !payload_arena) {
        _exit(WIRE_EXIT_CHANNEL);
    }
    payload_socket = (uint32_t)handle;
    memset(payload_arena, 'x', PAYLOAD_MAX);
    memset(payload, 'y', PAYLOAD_MAX);
    for (unsigned i = 0; i < N(sizes); i++) {
        unsigned n = sizes[i] > PAYLOAD_OF_CALL ? 2 : PAYLOAD_CALLS;

        items[i + 2] = (struct slice_item){send_built, &sizes[i], n};
    }
    slices_measure(items, N(items), nsec);
    say("= null %.1f", nsec[0]);
    say("= copied-%zu %.1f", usual, nsec[1]);
    for (unsigned i = 0; i < N(sizes); i++) {
        say("= payload-%zu %.1f", sizes[i], nsec[i + 2]);
    }
}

// -- the start -----------------------------------------------------------------------------------

// start_worker() has made its first call and has had the answer: that is all there is to see.
static void measure_launch(void) {
}

// -- which one -----------------------------------------------------------------------------------

static const struct {
    const char *name;
    void (*run)(void);
} measurements[] = {
    {"null", measure_null},
    {"batch", measure_batch},
    {"payload", measure_payload},
    {"launch", measure_launch},
};

int main(void) {
    start_worker();
    for (size_t i = 0; i < N(measurements); i++) {
        if (strcmp(measurements[i].name, caller.kernel->app) == 0) {
            measurements[i].run();
        }
    }
    (void)call_channel_exit(WIRE_EXIT_OK, 0);
    _exit(WIRE_EXIT_OK);
}

// SPDX-License-Identifier: MIT
#include "tests/fuzz/calls-worker.h"

#include <string.h>

#include "call/calls.h"
#include "daemon/app/app.h"
#include "daemon/record/trace.h"
#include "tests/fuzz/fuzz.h"

struct calls_worker worker;

static struct wire_submission *next_submission(void) {
    return &app.channel.submissions[worker.tail % WIRE_SUBMISSIONS];
}

void worker_submit(const struct wire_submission *submission) {
    *next_submission() = *submission;
    worker.tail++;
    __atomic_store_n(&app.channel.header->submission_tail, worker.tail, __ATOMIC_RELEASE);
    if (worker.n_made < WORKER_CALLS_MAX) {
        worker.made[worker.n_made].tag = submission->tag;
        worker.made[worker.n_made++].call = submission->call;
    }
}

static void take_completion(const struct wire_completion *completion) {
    size_t i = 0;

    if (completion->kind != WIRE_COMPLETION) {
        REQUIRE(completion->kind == WIRE_UPCALL_STOP && completion->result <= WIRE_ABORT);
        return;
    }
    REQUIRE(completion->result > -4096);
    while (i < worker.n_made && worker.made[i].tag != completion->tag) {
        i++;
    }
    REQUIRE(i < worker.n_made); // a call that it made, and not for the second time
    if (completion->result > 0 &&
        (worker.made[i].call == CALL_SOCKET_OPEN || worker.made[i].call == CALL_SOCKET_ACCEPT)) {
        worker.handles[worker.n_handles++ % WORKER_HANDLES] = (uint64_t)completion->result;
    }
    worker.made[i] = worker.made[--worker.n_made];
}

void worker_take_completions(void) {
    uint32_t tail = __atomic_load_n(&app.channel.header->completion_tail, __ATOMIC_ACQUIRE);

    if (worker.lies) {
        return;
    }
    REQUIRE(tail - worker.head <= WIRE_COMPLETIONS);
    while (worker.head != tail) {
        take_completion(&app.channel.completions[worker.head++ % WIRE_COMPLETIONS]);
    }
    __atomic_store_n(&app.channel.header->completion_head, worker.head, __ATOMIC_RELEASE);
}

// -- arguments -----------------------------------------------------------------------------------

// Puts SIZE bytes of the input, or an address, into the arena. Returns where.
static uint64_t put(const void *data, size_t size) {
    uint32_t offset = input_u8(&input) * 256u;

    if (data) {
        memcpy(app.channel.arena + offset, data, size);
    } else {
        size = input_bytes(&input, app.channel.arena + offset, size);
    }
    return offset | (uint64_t)size << 32;
}

static uint64_t some_address(void) {
    static const struct wire_address good[] = {
        {.family = WIRE_INET, .port = 8001, .host = {127, 0, 0, 1}},
        {.family = WIRE_INET, .port = 5000},
        {.family = WIRE_INET, .port = 53, .host = {192, 0, 2, 7}},
        {.family = WIRE_INET, .port = 80, .host = {10, 1, 2, 3}},
        {.family = WIRE_INET6, .port = 85, .host = {0x20, 1, 0x0d, 0xb8, [15] = 9}},
        {.family = WIRE_INET6, .port = 0, .host = {[15] = 1}},
        {.family = WIRE_INET6, .port = 80, .host = {[10] = 0xff, 0xff, 10, 0, 0, 1}},
    };
    uint32_t n = sizeof(good) / sizeof(good[0]), which = input_below(&input, n + 3);
    struct wire_address address = {.family = input_u8(&input) & 1 ? WIRE_INET : WIRE_INET6};

    if (which < n) {
        return put(&good[which], sizeof(good[which]));
    }
    if (which == n) {
        return put(NULL, sizeof(address));
    }
    address.port = input_u16(&input);
    (void)input_bytes(&input, address.host, address.family == WIRE_INET ? 4 : 16);
    return put(&address, sizeof(address));
}

static uint64_t some_text(void) {
    static const char *const good[] = {"localhost", "example.org", "www.example.net", "::1",
                                       "a\nb"};
    uint32_t n = sizeof(good) / sizeof(good[0]), which = input_below(&input, n + 2);

    return which < n ? put(good[which], strlen(good[which])) : put(NULL, input_u8(&input));
}

static uint64_t some_enum(const struct trace_value *values) {
    uint32_t n = 0;

    while (values[n].name) {
        n++;
    }
    return values[input_below(&input, n)].number;
}

static uint64_t some_window(void) {
    static const uint32_t sizes[] = {24, 24, 768, 4096, 65536, 512, 0, 23};
    uint32_t size = sizes[input_below(&input, sizeof(sizes) / sizeof(sizes[0]))];

    return input_u8(&input) * 256u | (uint64_t)size << 32;
}

// The newest most often, since that is the one in a useful state.
static uint64_t some_handle(void) {
    uint32_t back = input_u8(&input) % 8;

    back = back < 5 ? 0 : input_u8(&input) % WORKER_HANDLES;
    return worker.n_handles > back ? worker.handles[(worker.n_handles - 1 - back) % WORKER_HANDLES]
                                   : 0;
}

// One of ten is of any value.
uint64_t worker_argument(const struct trace_argument *argument) {
    if (input_u8(&input) > 230) {
        return input_u64(&input);
    }
    switch (argument->type) {
    case TRACE_HANDLE:
        return some_handle();
    case TRACE_ENUM:
        return some_enum(argument->values);
    case TRACE_STR:
        return some_text();
    case TRACE_BYTES:
        return put(NULL, input_u8(&input) * 16u);
    case TRACE_OUT:
        return some_window();
    case TRACE_ADDRESS:
        return some_address();
    default:
        return (uint64_t)(int8_t)input_u8(&input);
    }
}

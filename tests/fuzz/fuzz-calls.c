// SPDX-License-Identifier: MIT

// Every call, from the ring through dispatch, stubs and the daemon's own handlers, to a kernel and
// a resolver that the input plays (fake-*.c). An input is a row of steps: calls with arguments of
// the right types or of any, raw submissions, events, time, answers, writes to shared memory. What
// a stub took out of the arena is spoilt there at once, so that a second look sees something else.
//
// For every worker: each call is completed once, or is under way, or the worker is broken; nothing
// of it is left once it is gone.

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>

#include "base/log-sink.h"
#include "base/log.h"
#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/app.h"
#include "daemon/dispatch.h"
#include "daemon/handle.h"
#include "daemon/policy.h"
#include "daemon/serve.h"
#include "daemon/stop.h"
#include "daemon/trace.h"
#include "tests/fuzz/fake-kernel.h"
#include "tests/fuzz/fake-loop.h"
#include "tests/fuzz/fake-resolver.h"
#include "tests/fuzz/fuzz.h"

#define ARENA_SIZE (256u << 10)
#define QUOTA 12u /* most handles */
#define KNOWN 16u /* handles remembered, a power of two */
#define TAGS_MAX 1024u

static struct app app;
static struct channel channel; /* of one input after the other */
static struct serve serve;
static struct stop stop;
static struct input input;

// The worker of the moment.
static struct {
    uint32_t tail, head; /* of the rings, as it counts them */
    struct {
        uint32_t tag, call;
    } made[TAGS_MAX]; /* submitted and not completed */
    size_t n_made;
    uint32_t next_tag;
    uint64_t handles[KNOWN];
    uint32_t n_handles;
    bool lies; /* wrote to the rings itself: what it reads there proves nothing */
} worker;

// -- in place of the daemon's --------------------------------------------------------------------

void __real_channel_take(void *destination, const void *shared, size_t size);
void __wrap_channel_take(void *destination, const void *shared, size_t size);
void __wrap_log_sink_write(const char *line, size_t size);
int __wrap_spawner_kill(struct spawner *spawner);

void __wrap_channel_take(void *destination, const void *shared, size_t size) {
    uint8_t *bytes = (uint8_t *)shared;

    REQUIRE(bytes >= app.channel.arena && bytes + size <= app.channel.arena + ARENA_SIZE);
    __real_channel_take(destination, shared, size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)~bytes[i];
    }
}

void __wrap_log_sink_write(const char *line, size_t size) {
    REQUIRE(size > 0 && size <= 8192 && line[size - 1] == '\n' && is_harmless(line, size - 1));
}

int __wrap_spawner_kill(struct spawner *spawner) {
    return 0;
}

// -- the app -------------------------------------------------------------------------------------

static void make_policy(void) {
    static const char *const listen[] = {"tcp:127.0.0.1:8000-8015", "udp:*:5000", "tcp:[::1]:0"};
    static const char *const connect[] = {"tcp:10.0.0.0/8:*",    "udp:192.0.2.0/24:53",
                                          "tcp:example.org:443", "tcp:*.example.net:80",
                                          "udp:localhost:*",     "tcp:[2001:db8::]/32:80-90"};
    char why[POLICY_WHY_SIZE];

    REQUIRE(policy_new(&app.policy) == 0);
    for (size_t i = 0; i < sizeof(listen) / sizeof(listen[0]); i++) {
        REQUIRE(policy_grant(app.policy, POLICY_LISTEN, listen[i], why) == 0);
    }
    for (size_t i = 0; i < sizeof(connect) / sizeof(connect[0]); i++) {
        REQUIRE(policy_grant(app.policy, POLICY_CONNECT, connect[i], why) == 0);
    }
}

static int on_broken(void *context) {
    return 0;
}

static void make_app(void) {
    if (!channel.header) {
        REQUIRE(channel_init(&channel) == 0 && channel_resize(&channel, ARENA_SIZE) == 0);
        log_set_level(LOG_DEBUG);
        dispatch_set_trace(true);
    }
    app = (struct app){.channel = channel};
    REQUIRE(app_init(&app, "fuzzed") == 0);
    handles_set_quota(app.handles, QUOTA);
    app_log_set_rate(&app.log, 50);
    make_policy();
    app.resolver = fake_resolver_new();
    REQUIRE(serve_init(&serve, &app, 1000, 0, on_broken, NULL) == 0);
    REQUIRE(stop_init(&stop, &app, NULL, 1000000, 1000000) == 0);
    fake_kernel_start(&app, &input);
}

static void free_app(void) {
    serve_done(&serve);
    stop_done(&stop);
    channel = app.channel;
    app.channel = (struct channel){.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1};
    app.kernel_page.fd = -1;
    app_done(&app);
    REQUIRE(fake_loop_count() == 0 && fake_kernel_count() == 0);
}

// -- the worker ----------------------------------------------------------------------------------

static struct wire_submission *next_submission(void) {
    return &app.channel.submissions[worker.tail % WIRE_SUBMISSIONS];
}

static void submit(const struct wire_submission *submission) {
    *next_submission() = *submission;
    worker.tail++;
    __atomic_store_n(&app.channel.header->submission_tail, worker.tail, __ATOMIC_RELEASE);
    if (worker.n_made < TAGS_MAX) {
        worker.made[worker.n_made].tag = submission->tag;
        worker.made[worker.n_made++].call = submission->call;
    }
}

static void start_worker(void) {
    struct wire_submission start = {
        .call = CALL_CHANNEL_START, .tag = 1, .arg = {WIRE_ABI, CALLS_VERSION}};

    memset(&worker, 0, sizeof(worker));
    worker.next_tag = 2;
    app_next_generation(&app);
    app.worker.running = true;
    if (input_u8(&input) < 240) {
        submit(&start);
    }
}

static void end_worker(void) {
    stop_end(&stop);
    app_reap(&app);
    REQUIRE(fake_kernel_count() == 0 && app.flights.n_calls == 0 && app.waits.n_waits == 0);
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
        worker.handles[worker.n_handles++ % KNOWN] = (uint64_t)completion->result;
    }
    worker.made[i] = worker.made[--worker.n_made];
}

static void take_completions(void) {
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

    back = back < 5 ? 0 : input_u8(&input) % KNOWN;
    return worker.n_handles > back ? worker.handles[(worker.n_handles - 1 - back) % KNOWN] : 0;
}

// One of ten is of any value.
static uint64_t some_value(const struct trace_argument *argument) {
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

// -- steps ---------------------------------------------------------------------------------------

static void step_call(void) {
    struct wire_submission submission = {.tag = worker.next_tag++};
    const struct trace_row *row;

    for (uint32_t n = input_u8(&input) % CALLS_VERSION; n > 0; n--) {
        while (!calls_find(++submission.call)) {
        }
    }
    row = &trace_rows[submission.call];
    for (size_t i = 0; i < row->n_arguments; i++) {
        submission.arg[i] = some_value(&row->arguments[i]);
    }
    if (submission.call == CALL_CHANNEL_CANCEL && worker.n_made > 0) {
        submission.arg[0] = worker.made[submission.arg[0] % worker.n_made].tag;
    }
    submit(&submission);
}

static void step_raw(void) {
    struct wire_submission submission = {0};

    (void)input_bytes(&input, &submission, sizeof(submission));
    submit(&submission);
}

static void step_turn(void) {
    REQUIRE(fake_loop_turn() >= 0);
}

static void step_event(void) {
    static const uint32_t events[] = {
        EPOLLIN, EPOLLOUT, EPOLLIN | EPOLLRDHUP, EPOLLERR, EPOLLHUP | EPOLLERR, EPOLLIN | EPOLLOUT};
    uint32_t which = input_u8(&input);

    REQUIRE(fake_loop_event(which,
                            events[input_below(&input, sizeof(events) / sizeof(events[0]))]) == 0);
}

static void step_time(void) {
    REQUIRE(fake_loop_pass((uint64_t)input_u16(&input) << (input_u8(&input) % 16)) == 0);
}

static void step_answer(void) {
    if (input_u8(&input) & 1) {
        fake_resolver_answer_next(app.resolver, &input);
    } else {
        (void)fake_resolver_answer(app.resolver, input_u8(&input), &input);
    }
}

static void step_stop(void) {
    REQUIRE(stop_begin(&stop, input_u8(&input) & 1 ? WIRE_STOP : WIRE_INTERRUPT) == 0);
}

// Two calls of one name: the second is no mistake of an app's.
static void step_tag_twice(void) {
    struct wire_submission submission = {.call = CALL_CHANNEL_NOP};

    step_turn();
    take_completions();
    if (worker.lies || app.worker.broken[0] != '\0' || app.flights.n_calls == 0) {
        return;
    }
    submission.tag = app.flights.calls[0].tag;
    submit(&submission);
    step_turn();
    REQUIRE(app.worker.broken[0] != '\0' || worker.tail != app.channel.submission_head);
}

static void step_lie(void) {
    uint64_t value = input_u64(&input);
    size_t place = input_u16(&input) % (WIRE_ARENA_OFFSET - sizeof(value));

    worker.lies = true;
    memcpy((uint8_t *)app.channel.header + place, &value, sizeof(value));
}

static void step(void) {
    static void (*const steps[])(void) = {step_call, step_call,  step_call, step_turn,
                                          step_turn, step_event, step_time, step_answer,
                                          step_raw,  step_stop,  step_call, step_call};
    uint8_t which = input_u8(&input);

    if (which == 255) {
        step_lie();
    } else if (which == 254) {
        step_tag_twice();
    } else {
        steps[which % (sizeof(steps) / sizeof(steps[0]))]();
    }
}

// -- what holds after every step -----------------------------------------------------------------

static void check(void) {
    REQUIRE(app.channel.n_in_flight <= WIRE_SUBMISSIONS);
    REQUIRE(fake_kernel_count() <= QUOTA && !fake_kernel_leaked());
    REQUIRE(app.channel.arena_size == ARENA_SIZE);
    REQUIRE(strnlen(app.refusal, sizeof(app.refusal)) < sizeof(app.refusal));
    REQUIRE(is_harmless(app.worker.broken, strlen(app.worker.broken)));
    if (app.worker.broken[0] == '\0' && !app.channel.broken) {
        REQUIRE(app.channel.n_in_flight == app.flights.n_calls);
        REQUIRE(app.waits.n_waits <= WIRE_SUBMISSIONS);
    }
}

// Once all that was submitted is served, what is not completed is under way.
static void check_served(void) {
    bool broken = app.worker.broken[0] != '\0' || app.channel.broken;

    if (!worker.lies && !broken && app.channel.submission_head == worker.tail &&
        app.channel.completion_published == app.channel.completion_tail) {
        REQUIRE(worker.n_made == TAGS_MAX || worker.n_made == app.flights.n_calls);
    }
}

// What has no socket takes no place of the quota.
static void check_handles(void) {
    struct handle *spare[QUOTA];
    unsigned n = 0;

    while (n < QUOTA && handle_new(&app, HANDLE_SOCKET, NULL, NULL, &spare[n]) == 0) {
        n++;
    }
    REQUIRE(n + fake_kernel_count() == QUOTA);
    while (n > 0) {
        handle_free(spare[--n]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input = (struct input){data, size};
    make_app();
    start_worker();
    while (input.size > 0) {
        step();
        check();
        take_completions();
        check_served();
        if (app.worker.broken[0] != '\0' || app.channel.broken || stop.killed) {
            step_turn();
            end_worker();
            start_worker();
        }
    }
    step_turn();
    check_handles();
    end_worker();
    free_app();
    return 0;
}

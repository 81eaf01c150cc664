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
#include "daemon/app/app.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/dispatch/handle.h"
#include "daemon/dispatch/serve.h"
#include "daemon/life/stop.h"
#include "daemon/network/policy.h"
#include "daemon/record/trace.h"
#include "tests/fuzz/calls-worker.h"
#include "tests/fuzz/fake-kernel.h"
#include "tests/fuzz/fake-loop.h"
#include "tests/fuzz/fake-resolver.h"
#include "tests/fuzz/fuzz.h"

#define QUOTA 12u /* most handles */

struct app app;
static struct channel channel; /* of one input after the other */
static struct serve serve;
static struct stop stop;
struct input input;

// -- in place of the daemon's --------------------------------------------------------------------

void __real_channel_take(void *destination, const void *shared, size_t size);
void __wrap_channel_take(void *destination, const void *shared, size_t size);
int __real_stub_address(struct call *call, uint64_t value, struct wire_address *ret_address);
int __wrap_stub_address(struct call *call, uint64_t value, struct wire_address *ret_address);
void __wrap_log_sink_write(const char *line, size_t size);
int __wrap_spawner_kill(struct spawner *spawner);

void __wrap_channel_take(void *destination, const void *shared, size_t size) {
    uint8_t *bytes = (uint8_t *)shared;

    REQUIRE(bytes >= app.channel.arena && bytes + size <= app.channel.arena + WORKER_ARENA_SIZE);
    __real_channel_take(destination, shared, size);
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)~bytes[i];
    }
}

// What a handler gets is an address of the Internet, with nothing where nothing belongs.
int __wrap_stub_address(struct call *call, uint64_t value, struct wire_address *ret_address) {
    static const uint8_t zeroes[12];
    int r = __real_stub_address(call, value, ret_address);

    REQUIRE(r != 0 || ret_address->family == WIRE_INET6 ||
            (ret_address->family == WIRE_INET && ret_address->scope == 0 &&
             memcmp(ret_address->host + 4, zeroes, sizeof(zeroes)) == 0));
    return r;
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
        REQUIRE(channel_init(&channel) == 0 && channel_resize(&channel, WORKER_ARENA_SIZE) == 0);
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

static void start_worker(void) {
    struct wire_submission start = {
        .call = CALL_CHANNEL_START, .tag = 1, .arg = {WIRE_ABI, CALLS_VERSION}};

    worker = (struct calls_worker){0};
    worker.next_tag = 2;
    app_next_generation(&app);
    app.worker.running = true;
    if (input_u8(&input) < 240) {
        worker_submit(&start);
    }
}

static void end_worker(void) {
    stop_end(&stop);
    app_reap(&app);
    REQUIRE(fake_kernel_count() == 0 && app.flights.n_calls == 0 && app.waits.n_waits == 0);
}

// -- steps ---------------------------------------------------------------------------------------

static void step_call(void) {
    struct wire_submission submission = {.tag = worker.next_tag++};
    const struct trace_row *row;

    submission.call = input_u8(&input) % CALLS_END;
    while (!calls_find(submission.call)) {
        submission.call++; // the last number has a call
    }
    row = &trace_rows[submission.call];
    for (size_t i = 0; i < row->n_arguments; i++) {
        submission.arg[i] = worker_argument(&row->arguments[i]);
    }
    if (submission.call == CALL_CHANNEL_CANCEL && worker.n_made > 0) {
        submission.arg[0] = worker.made[submission.arg[0] % worker.n_made].tag;
    }
    worker_submit(&submission);
}

static void step_raw(void) {
    struct wire_submission submission = {0};

    (void)input_bytes(&input, &submission, sizeof(submission));
    worker_submit(&submission);
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
    worker_take_completions();
    if (worker.lies || app.worker.broken[0] != '\0' || app.flights.n_calls == 0) {
        return;
    }
    submission.tag = app.flights.calls[0].tag;
    worker_submit(&submission);
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
    REQUIRE(app.channel.arena_size == WORKER_ARENA_SIZE);
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
        REQUIRE(worker.n_made == WORKER_CALLS_MAX || worker.n_made == app.flights.n_calls);
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
    if (fake_kernel_is_guessed(data, size)) {
        return 0;
    }
    input = (struct input){data, size};
    make_app();
    start_worker();
    while (input.size > 0) {
        step();
        check();
        worker_take_completions();
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

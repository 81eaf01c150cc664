// SPDX-License-Identifier: MIT
// A worker asleep in channel.wait: what wakes it, and what becomes of its call.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "daemon/app/app.h"
#include "daemon/dispatch/call.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/dispatch/handle.h"
#include "daemon/network/resolver.h"
#include "tests/unit/app-fixture.h"

static struct app app;

static int setup(void **state) {
    if (app_fixture_init(&app) < 0) {
        return -1;
    }
    handles_set_quota(app.handles, 8);
    return 0;
}

static int teardown(void **state) {
    app_done(&app);
    return 0;
}

static const struct wire_submission submission = {.call = CALL_CHANNEL_WAIT};

// The worker's call channel.wait, as dispatch makes it.
static int make_wait(uint32_t tag, uint32_t generation, int64_t timeout_usec) {
    struct call call = {.app = &app, .tag = tag, .submission = &submission};
    int64_t result = -1;
    int r = 0;

    app.channel.n_in_flight++;
    r = call_wait(&call, generation, timeout_usec, &result);
    if (r == 0) {
        assert_int_equal(result, app.channel.readiness_generation);
        app.channel.n_in_flight--;
    }
    return r;
}

static uint32_t n_completions(void) {
    return app.channel.completion_tail;
}

static void raise_generation(void) {
    struct handle *handle = NULL;

    assert_int_equal(handle_new(&app, 1, NULL, NULL, &handle), 0);
    handle_ready(handle, WIRE_READABLE, 0);
}

static int end(void *context) {
    loop_exit(app.loop, 0);
    return 0;
}

static void run_for(uint64_t usec) {
    struct timer *timer = NULL;

    assert_int_equal(timer_new(app.loop, end, NULL, &timer), 0);
    timer_set(timer, usec);
    assert_int_equal(loop_run(app.loop), 0);
    timer_free(timer);
}

static void test_wait_other_generation_is_over_at_once(void **state) {
    raise_generation();
    assert_int_equal(make_wait(7, 0, -1), 0);
}

static void test_wait_timeout_zero_is_over_at_once(void **state) {
    assert_int_equal(make_wait(7, 0, 0), 0);
}

static void test_wait_ends_with_new_generation(void **state) {
    assert_int_equal(make_wait(7, 0, -1), CALL_LATER);
    waits_check(&app.waits);
    assert_int_equal(n_completions(), 0);
    raise_generation();
    waits_check(&app.waits);
    assert_int_equal(n_completions(), 1);
    assert_int_equal(app.channel.completions[0].tag, 7);
    assert_int_equal(app.channel.completions[0].result, 1);
}

static void test_wait_ends_with_its_time_and_not_before(void **state) {
    assert_int_equal(make_wait(7, 0, 20000), CALL_LATER);
    assert_int_equal(make_wait(8, 0, 3600000000), CALL_LATER);
    run_for(1000);
    assert_int_equal(n_completions(), 0);
    run_for(40000);
    assert_int_equal(n_completions(), 1);
    assert_int_equal(app.channel.completions[0].tag, 7);
}

static void test_wait_without_limit_outlives_time(void **state) {
    assert_int_equal(make_wait(7, 0, -1), CALL_LATER);
    assert_int_equal(make_wait(8, 0, INT64_MAX), CALL_LATER);
    run_for(5000);
    assert_int_equal(n_completions(), 0);
}

static void test_wake_ends_every_wait(void **state) {
    assert_int_equal(make_wait(7, 0, -1), CALL_LATER);
    assert_int_equal(make_wait(8, 0, 3600000000), CALL_LATER);
    waits_wake(&app.waits);
    assert_int_equal(n_completions(), 2);
    waits_wake(&app.waits);
    assert_int_equal(n_completions(), 2);
}

static void test_cancelled_wait_completes_once(void **state) {
    assert_int_equal(make_wait(7, 0, 5000), CALL_LATER);
    assert_int_equal(app_cancel(&app, 7), 0);
    assert_int_equal(app_cancel(&app, 7), ENOENT);
    assert_int_equal(app.channel.completions[0].result, -ECANCELED);
    raise_generation();
    waits_check(&app.waits);
    run_for(10000);
    assert_int_equal(n_completions(), 1);
    assert_int_equal(app.waits.n_waits, 0);
}

static void test_wait_of_dead_worker_is_forgotten(void **state) {
    assert_int_equal(make_wait(7, 0, 2000), CALL_LATER);
    app_reap(&app);
    app_next_generation(&app);
    app.worker.running = true;
    run_for(5000);
    waits_wake(&app.waits);
    assert_int_equal(n_completions(), 0);
}

static void test_reference_of_dead_worker_completes_nothing(void **state) {
    struct call call = {.app = &app, .tag = 7, .submission = &submission};
    struct call_reference reference = call_reference(&call);

    app_reap(&app);
    app_next_generation(&app);
    app.worker.running = true;
    (void)call_reference(&call);
    call_complete(&app, reference, 1);
    assert_int_equal(n_completions(), 0);
}

static void test_late_error_is_one_its_row_promises(void **state) {
    const struct call_row *row = &call_rows[CALL_SOCKET_RECEIVE];
    const int told[][2] = {{ECONNRESET, ECONNRESET}, {ENOTTY, EIO}, {ECANCELED, ECANCELED}};

    for (uint32_t i = 0; i < 3; i++) {
        struct call call = {.app = &app, .row = row, .tag = 70 + i, .submission = &submission};

        app.channel.n_in_flight++;
        call_complete(&app, call_reference(&call), -told[i][0]);
        assert_int_equal(n_completions(), i + 1);
        assert_int_equal(app.channel.completions[i].tag, 70 + i);
        assert_int_equal(app.channel.completions[i].result, -told[i][1]);
    }
}

static void on_answer(void *context, int error, const struct wire_address *addresses,
                      size_t n_addresses) {
    *(int *)context = error;
}

// The server is there and says nothing: with none, c-ares 1.34 ends a lookup at once.
static void test_lookup_of_dead_worker_ends(void **state) {
    CLEANUP_FD int server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    char servers[32];
    int error = 0;

    assert_int_equal(bind(server, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(server, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", ntohs(address.sin_port));
    assert_int_equal(resolver_new(app.loop, servers, &app.resolver), 0);
    assert_int_equal(resolver_ask(app.resolver, "a.example", 0, on_answer, &error), 0);
    assert_int_equal(error, 0);
    app_reap(&app);
    assert_int_equal(error, ECANCELED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(wait_other_generation_is_over_at_once),
        TEST(wait_timeout_zero_is_over_at_once),
        TEST(wait_ends_with_new_generation),
        TEST(wait_ends_with_its_time_and_not_before),
        TEST(wait_without_limit_outlives_time),
        TEST(wake_ends_every_wait),
        TEST(cancelled_wait_completes_once),
        TEST(wait_of_dead_worker_is_forgotten),
        TEST(reference_of_dead_worker_completes_nothing),
        TEST(late_error_is_one_its_row_promises),
        TEST(lookup_of_dead_worker_ends),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

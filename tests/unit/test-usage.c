// SPDX-License-Identifier: MIT
// Asking a worker what of its heap is in use: who is answered when.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/app/app.h"
#include "daemon/app/usage.h"
#include "tests/unit/app-fixture.h"

static struct app app;
static int n_answers[USAGE_ASKERS_MAX + 1];

static int setup(void **state) {
    for (size_t i = 0; i <= USAGE_ASKERS_MAX; i++) {
        n_answers[i] = 0;
    }
    if (app_fixture_init(&app) < 0) {
        return -1;
    }
    app_announce_heap(&app, 1000, 10);
    app.heap.taken_usec -= USAGE_FRESH_USEC + 1;
    return 0;
}

static int teardown(void **state) {
    app_done(&app);
    return 0;
}

static void count(void *context) {
    ++*(int *)context;
}

static void test_stale_usage_is_asked_for_and_told_once(void **state) {
    uint32_t tail = app.channel.completion_tail;

    assert_true(usage_ask(&app, count, &n_answers[0]));
    assert_true(usage_ask(&app, count, &n_answers[1]));
    assert_int_equal(app.channel.completion_tail, tail + 1);
    assert_int_equal(app.channel.completions[tail % WIRE_COMPLETIONS].kind, WIRE_UPCALL_PING);
    assert_int_equal(n_answers[0], 0);
    app_announce_heap(&app, 1000, 20);
    assert_int_equal(app.heap.used, 20);
    app_announce_heap(&app, 1000, 30);
    assert_int_equal(n_answers[0], 1);
    assert_int_equal(n_answers[1], 1);
}

static void test_fresh_usage_is_not_asked_for(void **state) {
    app_announce_heap(&app, 1000, 20);
    assert_false(usage_ask(&app, count, &n_answers[0]));
}

static void test_worker_that_cannot_say_is_not_asked(void **state) {
    app.worker.exiting = true;
    assert_false(usage_ask(&app, count, &n_answers[0]));
    app.worker.exiting = false;
    app.heap.taken_usec = 0;
    assert_false(usage_ask(&app, count, &n_answers[0]));
    app.heap.taken_usec = 1;
    app.worker.running = false;
    assert_false(usage_ask(&app, count, &n_answers[0]));
}

static void test_too_many_do_not_wait(void **state) {
    for (size_t i = 0; i < USAGE_ASKERS_MAX; i++) {
        assert_true(usage_ask(&app, count, &n_answers[i]));
    }
    assert_false(usage_ask(&app, count, &n_answers[USAGE_ASKERS_MAX]));
}

static void end_loop(void *context) {
    count(context);
    loop_exit(app.loop, 0);
}

static void test_worker_that_is_busy_is_not_waited_for(void **state) {
    assert_true(usage_ask(&app, end_loop, &n_answers[0]));
    assert_int_equal(loop_run(app.loop), 0);
    assert_int_equal(n_answers[0], 1);
    assert_int_equal(app.heap.used, 10);
}

static void test_end_of_the_worker_answers(void **state) {
    assert_true(usage_ask(&app, count, &n_answers[0]));
    app_reap(&app);
    assert_int_equal(n_answers[0], 1);
}

static void test_who_has_gone_is_not_answered(void **state) {
    assert_true(usage_ask(&app, count, &n_answers[0]));
    assert_true(usage_ask(&app, count, &n_answers[1]));
    usage_cancel(&app, &n_answers[0]);
    app_announce_heap(&app, 1000, 20);
    assert_int_equal(n_answers[0], 0);
    assert_int_equal(n_answers[1], 1);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_stale_usage_is_asked_for_and_told_once), TEST(test_fresh_usage_is_not_asked_for),
        TEST(test_worker_that_cannot_say_is_not_asked),    TEST(test_too_many_do_not_wait),
        TEST(test_worker_that_is_busy_is_not_waited_for),  TEST(test_end_of_the_worker_answers),
        TEST(test_who_has_gone_is_not_answered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

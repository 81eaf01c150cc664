// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/loop/loop.h"

struct fixture {
    struct loop *loop;
    struct source *source, *other;
    struct timer *timer, *slow;
    int fd, other_fd;
    int n_calls, n_timers, n_prepared, n_awake;
    uint64_t started_usec, fired_usec;
};

static int setup(void **state) {
    static struct fixture fixture;

    fixture = (struct fixture){.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
                               .other_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    *state = &fixture;
    return fixture.fd < 0 || fixture.other_fd < 0 ? -1 : loop_new(&fixture.loop);
}

static int teardown(void **state) {
    struct fixture *fixture = *state;

    fixture->source = source_free(fixture->source);
    fixture->other = source_free(fixture->other);
    fixture->timer = timer_free(fixture->timer);
    fixture->slow = timer_free(fixture->slow);
    loop_free(fixture->loop);
    close_fd(fixture->fd);
    close_fd(fixture->other_fd);
    return 0;
}

static void ring(int fd) {
    uint64_t one = 1;

    assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
}

static int count_and_exit(void *context, uint32_t events) {
    struct fixture *fixture = context;

    assert_int_equal(events, EPOLLIN);
    fixture->n_calls++;
    loop_exit(fixture->loop, 7);
    return 0;
}

static int exit_by_timer(void *context) {
    struct fixture *fixture = context;

    fixture->n_timers++;
    fixture->fired_usec = loop_now_usec();
    loop_exit(fixture->loop, 8);
    return 0;
}

static void test_run_readable_descriptor_calls_function(void **state) {
    struct fixture *fixture = *state;

    ring(fixture->fd);
    assert_int_equal(
        source_new(fixture->loop, fixture->fd, EPOLLIN, count_and_exit, fixture, &fixture->source),
        0);
    assert_int_equal(loop_run(fixture->loop), 7);
    assert_int_equal(fixture->n_calls, 1);
}

static int break_down(void *context, uint32_t events) {
    return -ENOTRECOVERABLE;
}

static void test_run_function_fails_ends_with_its_error(void **state) {
    struct fixture *fixture = *state;

    ring(fixture->fd);
    assert_int_equal(
        source_new(fixture->loop, fixture->fd, EPOLLIN, break_down, fixture, &fixture->source), 0);
    assert_int_equal(loop_run(fixture->loop), -ENOTRECOVERABLE);
}

static void test_source_without_events_is_not_called(void **state) {
    struct fixture *fixture = *state;

    ring(fixture->fd);
    assert_int_equal(
        source_new(fixture->loop, fixture->fd, EPOLLIN, count_and_exit, fixture, &fixture->source),
        0);
    assert_int_equal(source_set_events(fixture->source, 0), 0);
    assert_int_equal(timer_new(fixture->loop, exit_by_timer, fixture, &fixture->timer), 0);
    timer_set(fixture->timer, 2000);
    assert_int_equal(loop_run(fixture->loop), 8);
    assert_int_equal(fixture->n_calls, 0);
}

// Both are ready in one turn; whichever is first frees the other, which must not be called then.
static int free_other(void *context, uint32_t events) {
    struct fixture *fixture = context;

    fixture->n_calls++;
    fixture->other = source_free(fixture->other);
    fixture->source = source_free(fixture->source);
    loop_exit(fixture->loop, 9);
    return 0;
}

static int survive(void *context) {
    struct fixture *fixture = context;

    loop_exit(fixture->loop, 10);
    return 0;
}

static void test_source_freed_in_same_turn_is_not_called(void **state) {
    struct fixture *fixture = *state;
    struct loop *loop = fixture->loop;

    ring(fixture->fd);
    ring(fixture->other_fd);
    assert_int_equal(source_new(loop, fixture->fd, EPOLLIN, free_other, fixture, &fixture->source),
                     0);
    assert_int_equal(
        source_new(loop, fixture->other_fd, EPOLLIN, free_other, fixture, &fixture->other), 0);
    assert_int_equal(loop_run(loop), 9);
    assert_int_equal(timer_new(loop, survive, fixture, &fixture->timer), 0);
    timer_set(fixture->timer, 1000);
    assert_int_equal(loop_run(loop), 10);
    assert_int_equal(fixture->n_calls, 1);
}

static void test_timer_fires_once_and_not_early(void **state) {
    struct fixture *fixture = *state;

    assert_int_equal(timer_new(fixture->loop, exit_by_timer, fixture, &fixture->timer), 0);
    fixture->started_usec = loop_now_usec();
    timer_set(fixture->timer, 3000);
    assert_int_equal(loop_run(fixture->loop), 8);
    assert_in_range(fixture->fired_usec - fixture->started_usec, 3000, 1000000);
    assert_int_equal(fixture->n_timers, 1);
}

static void test_timer_cleared_does_not_fire(void **state) {
    struct fixture *fixture = *state;

    assert_int_equal(timer_new(fixture->loop, exit_by_timer, fixture, &fixture->timer), 0);
    assert_int_equal(timer_new(fixture->loop, survive, fixture, &fixture->slow), 0);
    timer_set(fixture->timer, 1000);
    timer_clear(fixture->timer);
    timer_set(fixture->slow, 5000);
    assert_int_equal(loop_run(fixture->loop), 10);
    assert_int_equal(fixture->n_timers, 0);
}

static void test_timer_set_again_replaces_time(void **state) {
    struct fixture *fixture = *state;

    assert_int_equal(timer_new(fixture->loop, exit_by_timer, fixture, &fixture->timer), 0);
    fixture->started_usec = loop_now_usec();
    timer_set(fixture->timer, 60000000);
    timer_set(fixture->timer, 1000);
    assert_int_equal(loop_run(fixture->loop), 8);
    assert_in_range(fixture->fired_usec - fixture->started_usec, 1000, 10000000);
}

static int rearm(void *context) {
    struct fixture *fixture = context;

    fixture->n_timers++;
    timer_set(fixture->timer, 0);
    return 0;
}

// A timer that is always due must leave a turn to descriptors.
static void test_timer_always_due_does_not_starve_descriptors(void **state) {
    struct fixture *fixture = *state;

    assert_int_equal(timer_new(fixture->loop, rearm, fixture, &fixture->timer), 0);
    timer_set(fixture->timer, 0);
    ring(fixture->fd);
    assert_int_equal(
        source_new(fixture->loop, fixture->fd, EPOLLIN, count_and_exit, fixture, &fixture->source),
        0);
    assert_int_equal(loop_run(fixture->loop), 7);
    assert_in_range(fixture->n_timers, 0, 2);
}

static int free_timers(void *context) {
    struct fixture *fixture = context;

    fixture->n_timers++;
    fixture->timer = timer_free(fixture->timer);
    fixture->slow = timer_free(fixture->slow);
    loop_exit(fixture->loop, 11);
    return 0;
}

static void test_timer_freed_by_another_is_not_called(void **state) {
    struct fixture *fixture = *state;

    assert_int_equal(timer_new(fixture->loop, free_timers, fixture, &fixture->timer), 0);
    assert_int_equal(timer_new(fixture->loop, free_timers, fixture, &fixture->slow), 0);
    timer_set(fixture->timer, 0);
    timer_set(fixture->slow, 0);
    assert_int_equal(loop_run(fixture->loop), 11);
    assert_int_equal(fixture->n_timers, 1);
}

static int prepare_until_third(void *context) {
    struct fixture *fixture = context;

    if (++fixture->n_prepared == 3) {
        loop_exit(fixture->loop, 12);
    }
    return 1;
}

static int prepare_fails(void *context) {
    return -EPROTO;
}

static void awake(void *context) {
    struct fixture *fixture = context;

    fixture->n_awake++;
}

static void test_prepare_busy_does_not_sleep(void **state) {
    struct fixture *fixture = *state;

    loop_set_prepare(fixture->loop, prepare_until_third, awake, fixture);
    assert_int_equal(loop_run(fixture->loop), 12);
    assert_int_equal(fixture->n_prepared, 3);
    assert_int_equal(fixture->n_awake, 2);
}

static void test_prepare_fails_ends_with_its_error(void **state) {
    struct fixture *fixture = *state;

    loop_set_prepare(fixture->loop, prepare_fails, awake, fixture);
    assert_int_equal(loop_run(fixture->loop), -EPROTO);
    assert_int_equal(fixture->n_awake, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(run_readable_descriptor_calls_function),
        TEST(run_function_fails_ends_with_its_error),
        TEST(source_without_events_is_not_called),
        TEST(source_freed_in_same_turn_is_not_called),
        TEST(timer_fires_once_and_not_early),
        TEST(timer_cleared_does_not_fire),
        TEST(timer_set_again_replaces_time),
        TEST(timer_always_due_does_not_starve_descriptors),
        TEST(timer_freed_by_another_is_not_called),
        TEST(prepare_busy_does_not_sleep),
        TEST(prepare_fails_ends_with_its_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

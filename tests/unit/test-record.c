// SPDX-License-Identifier: MIT

// What becomes known of calls that have ended, from dispatch with fake handlers.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "call/calls.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/dispatch/flight.h"
#include "daemon/record/record.h"
#include "stub-fakes.h"

#define CALLS 3200

static struct {
    unsigned n;
    struct record last;
    struct wire_submission submission;
    char text[RECORD_TEXT_SIZE];
} watched;

static void watch(void *context, const struct record *record) {
    assert_ptr_equal(context, &watched);
    watched.n++;
    watched.last = *record;
    watched.submission = *record->submission;
    watched.last.submission = &watched.submission;
    watched.text[0] = '\0';
    if (record->text) {
        (void)strcpy(watched.text, record->text);
    }
}

static int setup(void **state) {
    int r = fakes_setup(state);

    fakes.app.worker.started = true;
    fakes.app.worker.running = true;
    fakes.app.records = (struct records){0};
    memset(&watched, 0, sizeof(watched));
    return r;
}

static int teardown(void **state) {
    flights_clear(&fakes.app.flights);
    return fakes_teardown(state);
}

static void dispatch(uint32_t number, int handled) {
    struct wire_submission submission = {.call = number, .tag = 1};

    fakes.handle_return = handled;
    fakes.app.channel.n_in_flight = 1;
    fakes.app.channel.completion_tail = fakes.app.channel.header->completion_head;
    assert_int_equal(dispatch_call(&fakes.app, &submission), 0);
    record_settle(&fakes.app);
}

static const struct metrics_group *group_of(uint32_t number) {
    return &fakes.app.records.metrics.groups[metrics_group_of(number)];
}

static uint64_t n_timed(const struct metrics_group *group) {
    uint64_t n = 0;

    for (uint32_t i = 0; i < METRICS_BUCKETS; i++) {
        n += group->buckets[i];
    }
    return n;
}

static void test_all_are_counted_and_few_are_timed_while_nobody_watches(void **state) {
    for (unsigned i = 0; i < CALLS; i++) {
        dispatch(CALL_CHANNEL_NOP, 0);
    }
    assert_int_equal(group_of(CALL_CHANNEL_NOP)->calls, CALLS);
    assert_in_range(n_timed(group_of(CALL_CHANNEL_NOP)), CALLS / 48, CALLS / 24);
}

static void test_watcher_is_told_of_every_call_with_its_time(void **state) {
    record_watch(&fakes.app, watch, &watched);
    dispatch(CALL_CHANNEL_NOP, 0);
    dispatch(CALL_NAME_RESOLVE, ETIMEDOUT);
    assert_int_equal(watched.n, 2);
    assert_int_equal(watched.submission.call, CALL_NAME_RESOLVE);
    assert_int_equal(watched.last.error, ETIMEDOUT);
    assert_false(watched.last.later);
    assert_true(watched.last.started_nsec > 0);
    assert_true(watched.last.ended_nsec >= watched.last.started_nsec);
    assert_int_equal(group_of(CALL_NAME_RESOLVE)->failures, 1);
    assert_int_equal(n_timed(group_of(CALL_NAME_RESOLVE)), 1);
    record_watch(&fakes.app, NULL, NULL);
    dispatch(CALL_CHANNEL_NOP, 0);
    assert_int_equal(watched.n, 2);
}

static void test_number_without_a_call_is_told(void **state) {
    record_watch(&fakes.app, watch, &watched);
    dispatch(CALLS_END + 7, 0);
    assert_int_equal(watched.n, 1);
    assert_int_equal(watched.last.error, ENOSYS);
}

static struct call_reference begin_later(const uint8_t *taken, size_t size) {
    const struct wire_submission submission = {.call = CALL_NAME_RESOLVE,
                                               .arg = {(uint64_t)size << 32, 80}};
    struct call call = {.app = &fakes.app,
                        .row = &call_rows[CALL_NAME_RESOLVE],
                        .tag = 9,
                        .submission = &submission,
                        .started_nsec = record_begin(&fakes.app),
                        .scratch = (uint8_t *)taken,
                        .scratch_used = 8};

    fakes.app.channel.n_in_flight = 1;
    return call_reference(&call);
}

static void serve_nop(uint32_t tag) {
    struct wire_submission submission = {.call = CALL_CHANNEL_NOP, .tag = tag};

    fakes.app.channel.n_in_flight = 1;
    fakes.app.channel.completion_tail = fakes.app.channel.header->completion_head;
    assert_int_equal(dispatch_call(&fakes.app, &submission), 0);
}

// A worker has its answer first. Whatever comes next, a call, one that watches, the loop's turn,
// finds the call recorded, once.
static void test_answer_comes_before_its_record(void **state) {
    const uint8_t taken[8] = "a.test";
    struct call_reference reference;

    record_watch(&fakes.app, watch, &watched);
    serve_nop(1);
    assert_int_equal(fakes.app.channel.completion_tail,
                     fakes.app.channel.header->completion_head + 1);
    assert_int_equal(watched.n, 0);
    serve_nop(2);
    assert_int_equal(watched.n, 1);
    assert_int_equal(watched.submission.tag, 1);
    record_settle(&fakes.app);
    record_settle(&fakes.app);
    assert_int_equal(watched.n, 2);
    assert_int_equal(watched.submission.tag, 2);
    serve_nop(3);
    fakes.app.channel.n_in_flight = 0;
    reference = begin_later(taken, 6);
    assert_int_equal(watched.n, 3);
    serve_nop(4);
    fakes.app.channel.n_in_flight = 1;
    call_complete(&fakes.app, reference, 48);
    assert_int_equal(watched.n, 5);
    assert_true(watched.last.later);
    serve_nop(5);
    record_watch(&fakes.app, NULL, NULL);
    assert_int_equal(watched.n, 6);
    assert_int_equal(group_of(CALL_CHANNEL_NOP)->calls, 5);
}

static void test_call_that_ends_later_is_told_then_with_its_text(void **state) {
    uint8_t taken[8] = "a.test";
    struct call_reference reference;

    record_watch(&fakes.app, watch, &watched);
    reference = begin_later(taken, 6);
    memset(taken, 'x', sizeof(taken));
    assert_int_equal(watched.n, 0);
    call_complete(&fakes.app, reference, -ENOENT);
    assert_int_equal(watched.n, 1);
    assert_true(watched.last.later);
    assert_int_equal(watched.last.error, ENOENT);
    assert_string_equal(watched.text,
                        "name.resolve(host=\"a.test\", port=80, family=any, addresses=0 bytes)");
    assert_int_equal(n_timed(group_of(CALL_NAME_RESOLVE)), 0);
}

static void test_call_begun_before_somebody_watched_is_told_without_text(void **state) {
    const uint8_t taken[8] = "a.test";
    struct call_reference reference = begin_later(taken, 6);

    assert_null(flight_note(&fakes.app.flights, reference)->text);
    record_watch(&fakes.app, watch, &watched);
    call_complete(&fakes.app, reference, 48);
    assert_int_equal(watched.n, 1);
    assert_null(watched.last.text);
    assert_int_equal(watched.submission.call, CALL_NAME_RESOLVE);
    assert_int_equal(watched.last.result, 48);
}

static void test_recorder_has_the_call_from_its_beginning_to_its_end(void **state) {
    const uint8_t taken[8] = "a.test";
    const struct recorder *recorder = &fakes.app.recorder;
    struct call_reference reference;

    recorder_clear(&fakes.app.recorder);
    dispatch(CALL_NAME_RESOLVE, ETIMEDOUT);
    reference = begin_later(taken, 6);
    assert_int_equal(recorder_count(recorder), 2);
    assert_int_equal(recorder_at(recorder, 0)->result, -ETIMEDOUT);
    assert_true(recorder_at(recorder, 1)->result == RECORDER_OPEN);
    call_complete(&fakes.app, reference, 48);
    assert_int_equal(recorder_count(recorder), 2);
    assert_int_equal(recorder_at(recorder, 1)->result, 48);
}

static void test_call_of_a_dead_worker_is_not_told(void **state) {
    const uint8_t taken[8] = "a.test";
    struct call_reference reference;

    record_watch(&fakes.app, watch, &watched);
    reference = begin_later(taken, 6);
    flights_clear(&fakes.app.flights);
    call_complete(&fakes.app, reference, 0);
    assert_int_equal(watched.n, 0);
    assert_null(flight_note(&fakes.app.flights, reference));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_all_are_counted_and_few_are_timed_while_nobody_watches),
        TEST(test_watcher_is_told_of_every_call_with_its_time),
        TEST(test_number_without_a_call_is_told),
        TEST(test_answer_comes_before_its_record),
        TEST(test_call_that_ends_later_is_told_then_with_its_text),
        TEST(test_call_begun_before_somebody_watched_is_told_without_text),
        TEST(test_recorder_has_the_call_from_its_beginning_to_its_end),
        TEST(test_call_of_a_dead_worker_is_not_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

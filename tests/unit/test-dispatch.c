// SPDX-License-Identifier: MIT

// From a submission in the ring to its completion, with fake handlers.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "call/calls.h"
#include "daemon/dispatch/dispatch.h"
#include "stub-fakes.h"

#define TAG 4711u

// Submits a call as a worker would and has it dispatched.
static int dispatch(struct wire_submission submission) {
    struct channel *channel = &fakes.app.channel;
    struct wire_submission taken;

    submission.tag = TAG;
    channel->submissions[channel->header->submission_tail++ % WIRE_SUBMISSIONS] = submission;
    assert_int_equal(channel_next(channel, &taken), 1);
    return dispatch_call(&fakes.app, &taken);
}

static int dispatch_number(uint32_t number) {
    return dispatch((struct wire_submission){.call = number});
}

// The one completion there is: consumes it.
static int64_t completed(void) {
    struct channel *channel = &fakes.app.channel;
    const struct wire_completion *entry = NULL;

    assert_int_equal(channel_flush(channel), 0);
    assert_int_equal(channel->header->completion_tail, channel->header->completion_head + 1);
    entry = &channel->completions[channel->header->completion_head++ % WIRE_COMPLETIONS];
    assert_int_equal(entry->kind, WIRE_COMPLETION);
    assert_int_equal(entry->tag, TAG);
    return entry->result;
}

static void expect_not_completed(void) {
    struct channel *channel = &fakes.app.channel;

    assert_int_equal(channel_flush(channel), 0);
    assert_int_equal(channel->header->completion_tail, channel->header->completion_head);
    assert_int_equal(channel->n_in_flight, 1);
}

static int setup_started(void **state) {
    int r = fakes_setup(state);

    fakes.app.worker.started = true;
    return r;
}

static void test_handled_call_completes_with_its_result(void **state) {
    assert_int_equal(dispatch_number(CALL_CHANNEL_NOP), 0);
    assert_int_equal(fakes.n_handled, 1);
    assert_int_equal(completed(), 0);
    assert_int_equal(fakes.app.channel.n_in_flight, 0);
    assert_int_equal(fakes.app.counters.calls, 1);
}

static void test_errno_of_the_handler_completes_the_call(void **state) {
    fakes.handle_return = ETIMEDOUT;
    assert_int_equal(dispatch_number(CALL_NAME_RESOLVE), 0);
    assert_int_equal(completed(), -ETIMEDOUT);
}

static void test_errno_that_the_row_has_not_becomes_eio(void **state) {
    const int errors[] = {EPIPE, EPERM, ENOSYS};

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        fakes.handle_return = errors[i];
        assert_int_equal(dispatch_number(CALL_NAME_RESOLVE), 0);
        assert_int_equal(completed(), -EIO);
        assert_int_equal(dispatch_number(CALL_CHANNEL_NOP), 0);
        assert_int_equal(completed(), -EIO);
    }
}

static void test_refused_call_completes_with_eacces(void **state) {
    fakes.permit_return = EACCES;
    assert_int_equal(dispatch_number(CALL_NAME_RESOLVE), 0);
    assert_int_equal(completed(), -EACCES);
    assert_int_equal(fakes.n_permitted, 1);
    assert_int_equal(fakes.n_handled, 0);
}

static void test_wrong_argument_completes_with_einval(void **state) {
    assert_int_equal(dispatch((struct wire_submission){.call = CALL_CLOCK_READ, .arg = {2}}), 0);
    assert_int_equal(completed(), -EINVAL);
    assert_int_equal(fakes.n_handled, 0);
}

static void test_our_own_failure_goes_up(void **state) {
    fakes.handle_return = -EIO;
    assert_int_equal(dispatch_number(CALL_CHANNEL_NOP), -EIO);
    expect_not_completed();
}

static void test_our_own_failure_ends_the_serving(void **state) {
    struct channel *channel = &fakes.app.channel;

    fakes.handle_return = -EIO;
    channel->submissions[0] = (struct wire_submission){.call = CALL_CHANNEL_NOP, .tag = TAG};
    channel->header->submission_tail = 1;
    assert_int_equal(dispatch_next(&fakes.app), -EIO);
    expect_not_completed();
}

static void test_later_leaves_the_call_in_flight(void **state) {
    fakes.handle_return = CALL_LATER;
    assert_int_equal(dispatch_number(CALL_CHANNEL_WAIT), 0);
    assert_int_equal(fakes.n_handled, 1);
    expect_not_completed();
}

static void test_number_without_a_call_is_enosys(void **state) {
    const uint32_t numbers[] = {CALLS_END, 4096, 1u << 31, UINT32_MAX};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        assert_int_equal(dispatch_number(numbers[i]), 0);
        assert_int_equal(completed(), -ENOSYS);
    }
    assert_int_equal(fakes.n_handled, 0);
    assert_string_equal(fakes.app.worker.broken, "");
}

static void expect_broken(int r, const char *why) {
    assert_int_equal(r, APP_BROKEN);
    assert_string_equal(fakes.app.worker.broken, why);
    assert_int_equal(fakes.n_handled, 0);
    expect_not_completed();
}

static void test_call_before_start_breaks_the_worker(void **state) {
    expect_broken(dispatch_number(CALL_CHANNEL_NOP), "call 0 before the start");
}

static void test_unknown_call_before_start_breaks_the_worker(void **state) {
    expect_broken(dispatch_number(UINT32_MAX), "call 4294967295 before the start");
}

static void test_start_is_the_first_call(void **state) {
    assert_int_equal(dispatch_number(CALL_CHANNEL_START), 0);
    assert_int_equal(completed(), 0);
    assert_int_equal(fakes.n_handled, 1);
}

static void test_second_start_breaks_the_worker(void **state) {
    expect_broken(dispatch_number(CALL_CHANNEL_START), "channel.start: started twice");
}

static void test_call_after_exit_breaks_the_worker(void **state) {
    fakes.app.worker.exiting = true;
    expect_broken(dispatch_number(CALL_CHANNEL_NOP), "call 0 after the exit");
}

static void test_reserved_field_breaks_the_worker(void **state) {
    expect_broken(dispatch((struct wire_submission){.call = CALL_CHANNEL_NOP, .reserved = 1}),
                  "call 0: reserved field in use");
}

static void test_reserved_argument_breaks_the_worker(void **state) {
    expect_broken(dispatch((struct wire_submission){.call = CALL_CHANNEL_NOP, .arg = {[5] = 1}}),
                  "channel.nop: reserved argument in use");
}

static void test_buffer_outside_the_arena_breaks_the_worker(void **state) {
    expect_broken(dispatch((struct wire_submission){.call = CALL_RANDOM_BYTES,
                                                    .arg = {FAKE_ARENA_SIZE | 1ull << 32}}),
                  "random.bytes: buffer outside the arena");
}

// Dispatches with traces on and gives what was logged.
static void trace(struct wire_submission submission, char *ret_text, size_t size) {
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    size_t length = 0;

    assert_non_null(file);
    assert_true(saved >= 0 && dup2(fileno(file), STDERR_FILENO) >= 0);
    log_set_level(LOG_DEBUG);
    dispatch_set_trace(true);
    (void)dispatch(submission);
    dispatch_set_trace(false);
    log_set_level(LOG_INFO);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    assert_int_equal(close(saved), 0);
    rewind(file);
    length = fread(ret_text, 1, size - 1, file);
    ret_text[length] = '\0';
    assert_int_equal(fclose(file), 0);
}

static void test_trace_shows_the_call_and_its_end(void **state) {
    const struct wire_submission submission = {.call = CALL_LOG_WRITE,
                                               .arg = {LOG_WRITE_LEVEL_ERR, 3ull << 32}};
    const struct {
        int handle_return;
        const char *text;
    } cases[] = {
        {0, "log.write(level=err, text=\"hey\") = 0\n"},
        {EINVAL, "log.write(level=err, text=\"hey\") = -EINVAL\n"},
        {EPIPE, "log.write: EPIPE, which is not among its errors, becomes EIO\n"},
        {-EIO, "log.write(level=err, text=\"hey\") = -EIO\n"},
    };
    char text[256];

    memcpy(fakes.app.channel.arena, "hey", 3);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        fakes.handle_return = cases[i].handle_return;
        trace(submission, text, sizeof(text));
        assert_non_null(strstr(text, cases[i].text));
    }
    trace((struct wire_submission){.call = 4096}, text, sizeof(text));
    assert_non_null(strstr(text, "call 4096 = -ENOSYS\n"));
    trace((struct wire_submission){.call = CALL_CHANNEL_NOP, .arg = {1}}, text, sizeof(text));
    assert_non_null(strstr(text, "channel.nop() = ? (channel.nop: reserved argument in use)\n"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_started, fakes_teardown)
#define TEST_NOT_STARTED(name) cmocka_unit_test_setup_teardown(name, fakes_setup, fakes_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_handled_call_completes_with_its_result),
        TEST(test_errno_of_the_handler_completes_the_call),
        TEST(test_errno_that_the_row_has_not_becomes_eio),
        TEST(test_refused_call_completes_with_eacces),
        TEST(test_wrong_argument_completes_with_einval),
        TEST(test_our_own_failure_goes_up),
        TEST(test_our_own_failure_ends_the_serving),
        TEST(test_later_leaves_the_call_in_flight),
        TEST(test_number_without_a_call_is_enosys),
        TEST_NOT_STARTED(test_call_before_start_breaks_the_worker),
        TEST_NOT_STARTED(test_unknown_call_before_start_breaks_the_worker),
        TEST_NOT_STARTED(test_start_is_the_first_call),
        TEST(test_second_start_breaks_the_worker),
        TEST(test_call_after_exit_breaks_the_worker),
        TEST(test_reserved_field_breaks_the_worker),
        TEST(test_reserved_argument_breaks_the_worker),
        TEST(test_buffer_outside_the_arena_breaks_the_worker),
        TEST(test_trace_shows_the_call_and_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
// The flight recorder keeps the last calls in order, and finds the open one that ends.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/record/recorder.h"

static struct recorder recorder;

static int setup(void **state) {
    recorder = (struct recorder){0};
    return 0;
}

// A call named TAG, taken at TAG microseconds.
static void add(uint32_t tag, int64_t result) {
    const struct wire_submission submission = {.call = 7, .tag = tag, .arg = {tag}};

    recorder_add(&recorder, &submission, NULL, 0, result, tag * 1000u, tag * 1000u + 250);
}

static void test_empty_has_none(void **state) {
    assert_int_equal(recorder_count(&recorder), 0);
}

static void test_fewer_than_fit_all_kept_in_order(void **state) {
    add(1, 10);
    add(2, -11);
    assert_int_equal(recorder_count(&recorder), 2);
    assert_int_equal(recorder_at(&recorder, 0)->submission.tag, 1);
    assert_int_equal(recorder_at(&recorder, 0)->result, 10);
    assert_int_equal(recorder_at(&recorder, 0)->started_nsec, 1000);
    assert_int_equal(recorder_at(&recorder, 0)->duration_nsec, 250);
    assert_int_equal(recorder_at(&recorder, 1)->submission.tag, 2);
    assert_int_equal(recorder_at(&recorder, 1)->result, -11);
}

static void test_more_than_fit_the_last_kept(void **state) {
    for (uint32_t tag = 0; tag < 3 * RECORDER_CALLS + 5; tag++) {
        add(tag, 0);
    }
    assert_int_equal(recorder_count(&recorder), RECORDER_CALLS);
    for (uint32_t i = 0; i < RECORDER_CALLS; i++) {
        assert_int_equal(recorder_at(&recorder, i)->submission.tag, 2 * RECORDER_CALLS + 5 + i);
    }
}

static void test_open_call_ends_once(void **state) {
    add(9, 0);
    add(9, RECORDER_OPEN);
    add(3, RECORDER_OPEN);
    recorder_end(&recorder, 9, 42, 20000);
    assert_int_equal(recorder_at(&recorder, 0)->result, 0);
    assert_int_equal(recorder_at(&recorder, 1)->result, 42);
    assert_int_equal(recorder_at(&recorder, 1)->duration_nsec, 11000);
    assert_int_equal(recorder_at(&recorder, 2)->result, RECORDER_OPEN);
    recorder_end(&recorder, 9, 43, 30000);
    assert_int_equal(recorder_at(&recorder, 1)->result, 42);
}

static void test_end_of_a_call_that_fell_out_changes_nothing(void **state) {
    add(1000, RECORDER_OPEN);
    for (uint32_t tag = 0; tag < RECORDER_CALLS; tag++) {
        add(tag, 5);
    }
    recorder_end(&recorder, 1000, 1, 2);
    for (uint32_t i = 0; i < RECORDER_CALLS; i++) {
        assert_int_equal(recorder_at(&recorder, i)->result, 5);
    }
}

static void test_names_kept_as_far_as_there_is_room(void **state) {
    const struct wire_submission submission = {.call = 7};
    uint8_t names[RECORDER_NAMES_SIZE + 8];

    memset(names, 'n', sizeof(names));
    recorder_add(&recorder, &submission, names, 8, 0, 1, 1);
    recorder_add(&recorder, &submission, names, sizeof(names), 0, 1, 1);
    assert_int_equal(recorder_at(&recorder, 0)->names_size, 8);
    assert_memory_equal(recorder_at(&recorder, 0)->names, names, 8);
    assert_int_equal(recorder_at(&recorder, 1)->names_size, RECORDER_NAMES_SIZE);
    assert_memory_equal(recorder_at(&recorder, 1)->names, names, RECORDER_NAMES_SIZE);
}

static void test_text_stays_with_its_call(void **state) {
    char text[2 * RECORDER_TEXT_SIZE];

    memset(text, 't', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    add(1, 0);
    recorder_add_text(&recorder, "one");
    add(2, 0);
    add(3, 0);
    recorder_add_text(&recorder, text);
    assert_string_equal(recorder_text_at(&recorder, 0), "one");
    assert_null(recorder_text_at(&recorder, 1));
    assert_int_equal(strlen(recorder_text_at(&recorder, 2)), RECORDER_TEXT_SIZE - 1);
    for (uint32_t tag = 0; tag < RECORDER_CALLS; tag++) {
        add(tag, 0);
        assert_null(recorder_text_at(&recorder, recorder_count(&recorder) - 1));
    }
    recorder_done(&recorder);
}

static void test_time_does_not_go_back(void **state) {
    add(8, 0);
    add(5, RECORDER_OPEN);
    assert_int_equal(recorder_at(&recorder, 1)->started_nsec, 8000);
    assert_int_equal(recorder_at(&recorder, 1)->duration_nsec, 0);
    recorder_end(&recorder, 5, 0, 7000);
    assert_int_equal(recorder_at(&recorder, 1)->duration_nsec, 0);
}

static void test_clear_forgets_open_calls(void **state) {
    add(4, RECORDER_OPEN);
    recorder_clear(&recorder);
    assert_int_equal(recorder_count(&recorder), 0);
    recorder_end(&recorder, 4, 1, 2);
    add(5, 6);
    assert_int_equal(recorder_count(&recorder), 1);
    assert_int_equal(recorder_at(&recorder, 0)->submission.tag, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_empty_has_none, setup),
        cmocka_unit_test_setup(test_fewer_than_fit_all_kept_in_order, setup),
        cmocka_unit_test_setup(test_more_than_fit_the_last_kept, setup),
        cmocka_unit_test_setup(test_open_call_ends_once, setup),
        cmocka_unit_test_setup(test_end_of_a_call_that_fell_out_changes_nothing, setup),
        cmocka_unit_test_setup(test_names_kept_as_far_as_there_is_room, setup),
        cmocka_unit_test_setup(test_text_stays_with_its_call, setup),
        cmocka_unit_test_setup(test_time_does_not_go_back, setup),
        cmocka_unit_test_setup(test_clear_forgets_open_calls, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
// When the next worker starts, and when none does any more.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/life/restart.h"

#define SECOND 1000000ull

static const struct restart_policy policy = {
    .delay_usec = 100000,
    .delay_max_usec = 500000,
    .burst = 5,
    .window_usec = 60 * SECOND,
};

static void test_next_delay_doubles_to_maximum(void **state) {
    static const uint64_t expected[] = {100000, 200000, 400000, 500000, 500000};
    struct restart restart = {0};
    uint64_t delay = 0;

    for (size_t i = 0; i < 5; i++) {
        assert_true(restart_next(&restart, &policy, i * SECOND, &delay));
        assert_int_equal(delay, expected[i]);
    }
}

static void test_next_above_burst_gives_up(void **state) {
    struct restart restart = {0};
    uint64_t delay = 0;

    for (size_t i = 0; i < 5; i++) {
        assert_true(restart_next(&restart, &policy, 1000 + i, &delay));
    }
    delay = 42;
    assert_false(restart_next(&restart, &policy, 1006, &delay));
    assert_int_equal(delay, 42);
}

static void test_next_after_window_begins_anew(void **state) {
    struct restart restart = {0};
    uint64_t delay = 0;

    for (size_t i = 0; i < 5; i++) {
        assert_true(restart_next(&restart, &policy, 7, &delay));
    }
    assert_false(restart_next(&restart, &policy, 7 + 60 * SECOND - 1, &delay));
    assert_true(restart_next(&restart, &policy, 7 + 60 * SECOND, &delay));
    assert_int_equal(delay, 100000);
}

static void test_next_zero_delay_stays_zero(void **state) {
    struct restart_policy eager = policy;
    struct restart restart = {0};
    uint64_t delay = 1;

    eager.delay_usec = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_true(restart_next(&restart, &eager, i, &delay));
        assert_int_equal(delay, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next_delay_doubles_to_maximum),
        cmocka_unit_test(test_next_above_burst_gives_up),
        cmocka_unit_test(test_next_after_window_begins_anew),
        cmocka_unit_test(test_next_zero_delay_stays_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
// In this process: its own limit moves, and its hard limit last.
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/process/descriptors.h"

#define HARD 600u

static rlim_t soft_limit(void) {
    struct rlimit limit = {0};

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return limit.rlim_cur;
}

static void set_limits(rlim_t soft, rlim_t hard) {
    struct rlimit limit = {soft, hard};

    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void test_raised_to_what_is_needed(void **state) {
    set_limits(32, HARD);
    assert_int_equal(descriptors_raise(10), 0);
    assert_int_equal(soft_limit(), 10 + DESCRIPTORS_RESERVE);
}

static void test_never_lowered(void **state) {
    set_limits(HARD, HARD);
    assert_int_equal(descriptors_raise(10), 0);
    assert_int_equal(soft_limit(), HARD);
}

static void test_raised_no_further_than_the_hard_limit(void **state) {
    set_limits(32, HARD);
    assert_int_equal(descriptors_raise(1024), 0);
    assert_int_equal(soft_limit(), HARD);
}

// What was logged, up to TEXT's size.
static void check(uint64_t n_handles, char *text, size_t size) {
    int standard = dup(STDERR_FILENO), ends[2];
    ssize_t received;

    assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
    assert_true(standard >= 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    assert_int_equal(descriptors_check(n_handles), 0);
    assert_true(dup2(standard, STDERR_FILENO) >= 0);
    received = read(ends[0], text, size - 1);
    text[received > 0 ? received : 0] = '\0';
    (void)close(standard);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_warned_when_too_few(void **state) {
    char text[256];

    set_limits(HARD, HARD);
    check(HARD - DESCRIPTORS_RESERVE, text, sizeof(text));
    assert_string_equal(text, "");
    check(HARD, text, sizeof(text));
    assert_non_null(strstr(text, "open files are limited to 600, and 600 handles need 1040\n"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_raised_to_what_is_needed),
        cmocka_unit_test(test_never_lowered),
        cmocka_unit_test(test_raised_no_further_than_the_hard_limit),
        cmocka_unit_test(test_warned_when_too_few),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

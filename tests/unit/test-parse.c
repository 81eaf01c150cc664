// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/parse.h"

static void test_u64_whole_digits_accepted(void **state) {
    uint64_t value = 0;

    assert_int_equal(parse_u64("18446744073709551615", 0, UINT64_MAX, &value), 0);
    assert_true(value == UINT64_MAX);
}

static void test_u64_other_text_refused(void **state) {
    static const char *const bad[] = {"", " 1", "1 ", "+1", "-1", "0x10", "1e3", "1K", "one"};
    uint64_t value = 7;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(parse_u64(bad[i], 0, UINT64_MAX, &value), -EINVAL);
    }
    assert_int_equal(parse_u64("18446744073709551616", 0, UINT64_MAX, &value), -ERANGE);
    assert_int_equal(parse_u64("11", 0, 10, &value), -ERANGE);
    assert_true(value == 7);
}

static void test_size_suffix_scales_and_overflow_refused(void **state) {
    uint64_t bytes = 0;

    assert_int_equal(parse_size("256K", 0, UINT64_MAX, &bytes), 0);
    assert_true(bytes == 256 * 1024);
    assert_int_equal(parse_size("20000000000G", 0, UINT64_MAX, &bytes), -ERANGE);
    assert_int_equal(parse_size("1T", 0, UINT64_MAX, &bytes), -EINVAL);
}

static void test_hexadecimal_as_far_as_there_are_digits(void **state) {
    uint64_t value = 1;
    const char *end = NULL;

    assert_int_equal(parse_hexadecimal("0", &value, &end), 0);
    assert_int_equal(value, 0);
    assert_int_equal(parse_hexadecimal("09afAFg", &value, &end), 0);
    assert_int_equal(value, 0x9afaf);
    assert_string_equal(end, "g");
    assert_int_equal(parse_hexadecimal("000ffffffffffffffff ", &value, &end), 0);
    assert_true(value == UINT64_MAX);
    value = 7;
    assert_int_equal(parse_hexadecimal("10000000000000000 ", &value, &end), -ERANGE);
    assert_string_equal(end, " ");
    assert_int_equal(parse_hexadecimal("", &value, &end), -EINVAL);
    assert_int_equal(parse_hexadecimal("-1", &value, &end), -EINVAL);
    assert_int_equal(value, 7);
}

static void test_usec_units(void **state) {
    uint64_t usec = 0;

    assert_int_equal(parse_usec("2", 0, UINT64_MAX, &usec), 0);
    assert_true(usec == 2000000);
    assert_int_equal(parse_usec("250ms", 0, UINT64_MAX, &usec), 0);
    assert_true(usec == 250000);
    assert_int_equal(parse_usec("3 s", 0, UINT64_MAX, &usec), -EINVAL);
}

static void test_bool_words(void **state) {
    bool value = false;

    assert_int_equal(parse_bool("on", &value), 0);
    assert_true(value);
    assert_int_equal(parse_bool("no", &value), 0);
    assert_false(value);
    assert_int_equal(parse_bool("maybe", &value), -EINVAL);
}

static void test_app_name_form(void **state) {
    assert_true(parse_is_app_name("a"));
    assert_true(parse_is_app_name("thermostat-2"));
    assert_true(parse_is_app_name("abcdefghijklmnopqrstuvwxyz"));
    assert_false(parse_is_app_name(""));
    assert_false(parse_is_app_name("abcdefghijklmnopqrstuvwxyz0"));
    assert_false(parse_is_app_name("2fast"));
    assert_false(parse_is_app_name("-a"));
    assert_false(parse_is_app_name("Meter"));
    assert_false(parse_is_app_name("a/b"));
    assert_false(parse_is_app_name("a\n"));
}

// In front of an app's lines such a name would make them our own.
static void test_app_name_of_our_programs_is_none(void **state) {
    assert_false(parse_is_app_name("mpyd"));
    assert_false(parse_is_app_name("mpyctl"));
    assert_false(parse_is_app_name("mpyfreeze"));
    assert_false(parse_is_app_name("image")); // its user would have the name of the group
    assert_true(parse_is_app_name("images"));
    assert_false(parse_is_app_name("mpyd-"));
    assert_false(parse_is_app_name("mpyd-spawner"));
    assert_true(parse_is_app_name("mpydemo"));
    assert_true(parse_is_app_name("mpy"));
    assert_true(parse_is_app_name("a-mpyd"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u64_whole_digits_accepted),
        cmocka_unit_test(test_u64_other_text_refused),
        cmocka_unit_test(test_size_suffix_scales_and_overflow_refused),
        cmocka_unit_test(test_hexadecimal_as_far_as_there_are_digits),
        cmocka_unit_test(test_usec_units),
        cmocka_unit_test(test_bool_words),
        cmocka_unit_test(test_app_name_form),
        cmocka_unit_test(test_app_name_of_our_programs_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

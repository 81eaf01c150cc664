// SPDX-License-Identifier: MIT
// The ids of an app, and the name they come from.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/identity.h"

static void test_identity_two_ids_within_range_and_stable(void **state) {
    static const char *const names[] = {"a", "demo", "thermostat", "abcdefghijklmnopqrstuvwxyz"};
    uid_t supervisor = 0, worker = 0, again = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        identity_of(names[i], &supervisor, &worker);
        assert_in_range(supervisor, IDENTITY_MIN, IDENTITY_MAX);
        assert_in_range(worker, IDENTITY_MIN, IDENTITY_MAX);
        assert_int_not_equal(supervisor, worker);
        identity_of(names[i], &again, &worker);
        assert_int_equal(supervisor, again);
    }
}

static void test_identity_name_of_image_file(void **state) {
    char name[32] = "";

    assert_int_equal(identity_name("/usr/lib/mpyd/demo.mpyd", name, sizeof(name)), 0);
    assert_string_equal(name, "demo");
    assert_int_equal(identity_name("hello", name, sizeof(name)), 0);
    assert_string_equal(name, "hello");
    assert_int_equal(identity_name("/tmp/", name, sizeof(name)), -EINVAL);
    assert_int_equal(identity_name("Upper", name, sizeof(name)), -EINVAL);
    assert_int_equal(identity_name("a-very-long-name-that-no-app-may-have", name, sizeof(name)),
                     -EINVAL);
}

static void test_identity_other_name_refused_if_strict(void **state) {
    assert_true(identity_check("/a/demo", "demo", "demo", true));
    assert_true(identity_check("/a/image", "image", "demo", false));
    assert_false(identity_check("/a/image", "image", "demo", true));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_two_ids_within_range_and_stable),
        cmocka_unit_test(test_identity_name_of_image_file),
        cmocka_unit_test(test_identity_other_name_refused_if_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

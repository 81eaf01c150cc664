// SPDX-License-Identifier: MIT
// Of which app an image is.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "image/naming.h"

static void test_naming_of_image_file(void **state) {
    char name[32] = "";

    assert_int_equal(naming_of_file("/usr/lib/mpyd/demo.mpyd", name, sizeof(name)), 0);
    assert_string_equal(name, "demo");
    assert_int_equal(naming_of_file("hello", name, sizeof(name)), 0);
    assert_string_equal(name, "hello");
    assert_int_equal(naming_of_file("/tmp/", name, sizeof(name)), -EINVAL);
    assert_int_equal(naming_of_file("Upper", name, sizeof(name)), -EINVAL);
    assert_int_equal(naming_of_file("a-very-long-name-that-no-app-may-have", name, sizeof(name)),
                     -EINVAL);
}

static void test_naming_other_name_refused_if_strict(void **state) {
    assert_true(naming_check("/a/demo", "demo", "demo", true));
    assert_true(naming_check("/a/image", "image", "demo", false));
    assert_false(naming_check("/a/image", "image", "demo", true));
}

static void test_naming_given_before_file(void **state) {
    char name[NAMING_SIZE] = "";

    assert_true(naming_choose("/a/demo.mpyimg", NULL, name));
    assert_string_equal(name, "demo");
    assert_true(naming_choose("/a/demo.mpyimg", "abcdefghijklmnopqrstuvwxyz", name));
    assert_string_equal(name, "abcdefghijklmnopqrstuvwxyz");
    assert_false(naming_choose("/a/demo.mpyimg", "Demo", name));
    assert_false(naming_choose("/a/demo.mpyimg", "", name));
    assert_false(naming_choose("/a/Demo.mpyimg", NULL, name));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_naming_of_image_file),
        cmocka_unit_test(test_naming_other_name_refused_if_strict),
        cmocka_unit_test(test_naming_given_before_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
// The ids of an app.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/process/identity.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_two_ids_within_range_and_stable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

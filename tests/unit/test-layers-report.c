// SPDX-License-Identifier: MIT
// The line that tells which walls stand.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/life/layers-report.h"

static void test_layers_text_tells_state_and_reason(void **state) {
    const struct layer_report reports[] = {
        {.name = "mount-namespace", .state = LAYER_ON, .process = LAYER_SPAWNER},
        {.name = "user-namespace", .state = LAYER_OFF, .process = LAYER_SPAWNER},
        {.name = "landlock", .state = LAYER_FAILED, .process = LAYER_SPAWNER, .error = ENOSYS},
        {.name = "filter", .state = LAYER_ON, .process = LAYER_WORKER},
    };
    char text[LAYERS_TEXT_SIZE];

    assert_int_equal(layers_text(reports, 4, LAYER_SPAWNER, text), 3);
    assert_string_equal(text, "mount-namespace on, user-namespace not asked for, landlock MISSING "
                              "(Function not implemented)");
    assert_int_equal(layers_text(reports, 4, LAYER_SUPERVISOR, text), 0);
    assert_string_equal(text, "");
}

static void test_layers_text_failure_tells_step_and_error(void **state) {
    const struct layer_report reports[] = {
        {.name = "cpu", .state = LAYER_FAILED, .why = "sched_setaffinity", .error = EINVAL},
        {.name = "session", .state = LAYER_FAILED, .why = "not so", .error = ESTALE},
    };
    char text[LAYERS_TEXT_SIZE];

    assert_int_equal(layers_text(reports, 2, LAYER_SUPERVISOR, text), 2);
    assert_string_equal(
        text, "cpu MISSING (sched_setaffinity: Invalid argument), session MISSING (not so)");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_text_tells_state_and_reason),
        cmocka_unit_test(test_layers_text_failure_tells_step_and_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

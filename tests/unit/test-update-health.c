// SPDX-License-Identifier: MIT
// What the answer to Status says about an update.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "update/health.h"

#define IMAGE "0123456789abcdef"

static enum health judge(const char *text, char why[HEALTH_WHY_SIZE]) {
    struct json_object *status = json_tokener_parse(text);
    enum health health;

    why[0] = '\0';
    health = health_judge(status, IMAGE, why);
    (void)json_object_put(status);
    return health;
}

#define STATUS(state, more) "{\"image\": \"" IMAGE "\", \"state\": \"" state "\"" more "}"
#define READY ", \"worker\": {\"ready\": true}, \"restarts\": {\"total\": 3, \"recent\": 0}"

static void test_health_running_and_ready_is_good(void **state) {
    char why[HEALTH_WHY_SIZE];

    assert_int_equal(judge(STATUS("running", READY), why), HEALTH_GOOD);
    assert_int_equal(judge(STATUS("running", ", \"worker\": {\"ready\": false}"), why),
                     HEALTH_UNKNOWN);
    assert_int_equal(judge(STATUS("running", ", \"worker\": null"), why), HEALTH_UNKNOWN);
    assert_int_equal(judge(STATUS("ended", ""), why), HEALTH_UNKNOWN); // somebody stopped it?
    for (size_t i = 0; i < 3; i++) {
        static const char *const early[] = {STATUS("starting", READY), STATUS("verifying", READY),
                                            STATUS("stopping", READY)};

        assert_int_equal(judge(early[i], why), HEALTH_UNKNOWN);
    }
}

static void test_health_other_image_says_nothing(void **state) {
    char why[HEALTH_WHY_SIZE];

    assert_int_equal(judge("{\"image\": \"0123456789abcdee\", \"state\": \"failed\"}", why),
                     HEALTH_UNKNOWN);
    assert_int_equal(judge("{\"state\": \"running\"}", why), HEALTH_UNKNOWN);
    assert_int_equal(judge("[]", why), HEALTH_UNKNOWN);
    assert_int_equal(judge("3", why), HEALTH_UNKNOWN);
    assert_int_equal(judge("", why), HEALTH_UNKNOWN);
    assert_int_equal(judge("{\"image\": 3, \"state\": {}}", why), HEALTH_UNKNOWN);
}

static void test_health_sick_states_are_bad(void **state) {
    char why[HEALTH_WHY_SIZE];

    assert_int_equal(judge(STATUS("degraded", READY ", \"reason\": \"no heartbeat\""), why),
                     HEALTH_BAD);
    assert_string_equal(why, "it is degraded: no heartbeat");
    assert_int_equal(judge(STATUS("backoff", ""), why), HEALTH_BAD);
    assert_string_equal(why, "it is backoff");
    assert_int_equal(judge(STATUS("failed", ""), why), HEALTH_BAD);
    assert_int_equal(judge(STATUS("corrupt", ""), why), HEALTH_BAD);
    assert_int_equal(judge(STATUS("locked", ""), why), HEALTH_BAD);
}

static void test_health_one_failure_is_bad_even_if_it_runs_again(void **state) {
    char why[HEALTH_WHY_SIZE];

    assert_int_equal(judge(STATUS("running", ", \"worker\": {\"ready\": true}, \"last_end\": "
                                             "{\"failed\": true, \"text\": \"MemoryError\"}"),
                           why),
                     HEALTH_BAD);
    assert_string_equal(why, "its worker failed: MemoryError");
    assert_int_equal(judge(STATUS("starting", ", \"restarts\": {\"recent\": 1}"), why), HEALTH_BAD);
    assert_int_equal(judge(STATUS("running", READY ", \"last_end\": {\"failed\": false}"), why),
                     HEALTH_GOOD); // an administrator restarted it
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_health_running_and_ready_is_good),
        cmocka_unit_test(test_health_other_image_says_nothing),
        cmocka_unit_test(test_health_sick_states_are_bad),
        cmocka_unit_test(test_health_one_failure_is_bad_even_if_it_runs_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
// What the supervisor decides about its workers: how one ended, and when the next one starts.
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "call/wire.h"
#include "daemon/ending.h"
#include "daemon/identity.h"
#include "daemon/layers-report.h"
#include "daemon/restart.h"

// -- endings -------------------------------------------------------------------------------------

static const struct {
    const char *what;
    struct ending_facts facts;
    enum ending ending;
} endings[] = {
    {"ran to its end", {CLD_EXITED, 0, true, WIRE_EXIT_OK, 0, "", false}, ENDING_OK},
    {"sys.exit(3)", {CLD_EXITED, 3, true, WIRE_EXIT_OK, 3, "", false}, ENDING_STATUS},
    {"exception", {CLD_EXITED, 120, true, WIRE_EXIT_EXCEPTION, 0, "", false}, ENDING_EXCEPTION},
    {"heap", {CLD_EXITED, 121, true, WIRE_EXIT_HEAP, 0, "", false}, ENDING_HEAP},
    {"nlr", {CLD_EXITED, 122, true, WIRE_EXIT_NLR, 0, "", false}, ENDING_NLR},
    {"abort", {CLD_EXITED, 123, true, WIRE_EXIT_ABORT, 0, "", false}, ENDING_ABORTED},
    {"stopped", {CLD_EXITED, 126, true, WIRE_EXIT_STOPPED, 0, "", false}, ENDING_STOPPED},
    {"no channel", {CLD_EXITED, 124, false, 0, 0, "", false}, ENDING_CHANNEL},
    {"no entry", {CLD_EXITED, 125, true, WIRE_EXIT_IMAGE, 0, "", false}, ENDING_IMAGE},
    {"silent 0", {CLD_EXITED, 0, false, 0, 0, "", false}, ENDING_UNANNOUNCED},
    {"silent 120", {CLD_EXITED, 120, false, 0, 0, "", false}, ENDING_UNANNOUNCED},
    {"said 0, was 1", {CLD_EXITED, 1, true, WIRE_EXIT_OK, 0, "", false}, ENDING_UNANNOUNCED},
    {"said heap, was exception",
     {CLD_EXITED, 120, true, WIRE_EXIT_HEAP, 0, "", false},
     ENDING_UNANNOUNCED},
    {"denied call", {CLD_KILLED, SIGSYS, false, 0, 0, "", false}, ENDING_DENIED},
    {"denied call, core", {CLD_DUMPED, SIGSYS, false, 0, 0, "", false}, ENDING_DENIED},
    {"segfault", {CLD_KILLED, SIGSEGV, false, 0, 0, "", false}, ENDING_SIGNAL},
    {"killed by somebody", {CLD_KILLED, SIGKILL, false, 0, 0, "", false}, ENDING_SIGNAL},
    {"killed by us", {CLD_KILLED, SIGKILL, false, 0, 0, "", true}, ENDING_KILLED},
    {"crashed before our kill", {CLD_KILLED, SIGSEGV, false, 0, 0, "", true}, ENDING_SIGNAL},
    {"broken", {CLD_KILLED, SIGKILL, false, 0, 0, "ring", false}, ENDING_BROKEN},
    {"broken, then exited", {CLD_EXITED, 0, true, 0, 0, "ring", false}, ENDING_BROKEN},
};

static void test_classify_every_ending(void **state) {
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (ending_classify(&endings[i].facts) != endings[i].ending) {
            fail_msg("%s: %d", endings[i].what, ending_classify(&endings[i].facts));
        }
    }
}

static void test_describe_every_ending_says_something(void **state) {
    char text[ENDING_TEXT_SIZE];

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        text[0] = '\0';
        ending_describe(endings[i].ending, &endings[i].facts, text);
        assert_true(strlen(text) >= strlen("ended"));
    }
}

static void test_is_failure_only_good_ends_are_none(void **state) {
    for (int ending = ENDING_OK; ending <= ENDING_KILLED; ending++) {
        assert_int_equal(ending_is_failure((enum ending)ending),
                         ending != ENDING_OK && ending != ENDING_STOPPED);
    }
}

// -- restarts ------------------------------------------------------------------------------------

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

// -- who and behind what walls -------------------------------------------------------------------

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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classify_every_ending),
        cmocka_unit_test(test_describe_every_ending_says_something),
        cmocka_unit_test(test_is_failure_only_good_ends_are_none),
        cmocka_unit_test(test_next_delay_doubles_to_maximum),
        cmocka_unit_test(test_next_above_burst_gives_up),
        cmocka_unit_test(test_next_after_window_begins_anew),
        cmocka_unit_test(test_next_zero_delay_stays_zero),
        cmocka_unit_test(test_identity_two_ids_within_range_and_stable),
        cmocka_unit_test(test_identity_name_of_image_file),
        cmocka_unit_test(test_layers_text_tells_state_and_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

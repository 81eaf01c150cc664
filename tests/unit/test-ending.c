// SPDX-License-Identifier: MIT
// What the end of a worker is called, from what is known of it.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "call/wire.h"
#include "daemon/crash/ending.h"

static const struct {
    const char *what;
    struct ending_facts facts;
    enum ending ending;
} endings[] = {
    {"ran to its end", {CLD_EXITED, 0, true, WIRE_EXIT_OK, 0, "", false, NULL, NULL}, ENDING_OK},
    {"sys.exit(3)", {CLD_EXITED, 3, true, WIRE_EXIT_OK, 3, "", false, NULL, NULL}, ENDING_STATUS},
    {"exception",
     {CLD_EXITED, 120, true, WIRE_EXIT_EXCEPTION, 0, "", false, NULL, NULL},
     ENDING_EXCEPTION},
    {"heap", {CLD_EXITED, 121, true, WIRE_EXIT_HEAP, 0, "", false, NULL, NULL}, ENDING_HEAP},
    {"nlr", {CLD_EXITED, 122, true, WIRE_EXIT_NLR, 0, "", false, NULL, NULL}, ENDING_NLR},
    {"abort", {CLD_EXITED, 123, true, WIRE_EXIT_ABORT, 0, "", false, NULL, NULL}, ENDING_ABORTED},
    {"stopped",
     {CLD_EXITED, 126, true, WIRE_EXIT_STOPPED, 0, "", false, NULL, NULL},
     ENDING_STOPPED},
    {"no channel", {CLD_EXITED, 124, false, 0, 0, "", false, NULL, NULL}, ENDING_CHANNEL},
    {"no entry", {CLD_EXITED, 125, true, WIRE_EXIT_IMAGE, 0, "", false, NULL, NULL}, ENDING_IMAGE},
    {"silent 0", {CLD_EXITED, 0, false, 0, 0, "", false, NULL, NULL}, ENDING_UNANNOUNCED},
    {"silent 120", {CLD_EXITED, 120, false, 0, 0, "", false, NULL, NULL}, ENDING_UNANNOUNCED},
    {"said 0, was 1",
     {CLD_EXITED, 1, true, WIRE_EXIT_OK, 0, "", false, NULL, NULL},
     ENDING_UNANNOUNCED},
    {"said heap, was exception",
     {CLD_EXITED, 120, true, WIRE_EXIT_HEAP, 0, "", false, NULL, NULL},
     ENDING_UNANNOUNCED},
    {"denied call", {CLD_KILLED, SIGSYS, false, 0, 0, "", false, NULL, NULL}, ENDING_DENIED},
    {"denied call, core", {CLD_DUMPED, SIGSYS, false, 0, 0, "", false, NULL, NULL}, ENDING_DENIED},
    {"segfault", {CLD_KILLED, SIGSEGV, false, 0, 0, "", false, NULL, NULL}, ENDING_SIGNAL},
    {"killed by somebody",
     {CLD_KILLED, SIGKILL, false, 0, 0, "", false, NULL, NULL},
     ENDING_SIGNAL},
    {"killed by us", {CLD_KILLED, SIGKILL, false, 0, 0, "", true, NULL, NULL}, ENDING_KILLED},
    {"crashed before our kill",
     {CLD_KILLED, SIGSEGV, false, 0, 0, "", true, NULL, NULL},
     ENDING_SIGNAL},
    {"missed a deadline",
     {CLD_KILLED, SIGKILL, false, 0, 0, "", true, "no heartbeat", NULL},
     ENDING_WATCHDOG},
    {"missed a deadline, exited before our kill",
     {CLD_EXITED, 3, true, WIRE_EXIT_OK, 3, "", true, "no heartbeat", NULL},
     ENDING_STATUS},
    {"broken", {CLD_KILLED, SIGKILL, false, 0, 0, "ring", false, NULL, NULL}, ENDING_BROKEN},
    {"broken, then exited", {CLD_EXITED, 0, true, 0, 0, "ring", false, NULL, NULL}, ENDING_BROKEN},
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
    size_t n_open;

    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        text[0] = '\0';
        n_open = ending_describe(endings[i].ending, &endings[i].facts, text);
        assert_int_equal(n_open, strlen(text));
        assert_true(strlen(text) >= strlen("ended"));
    }
}

static void test_describe_names_the_exception(void **state) {
    struct ending_facts facts = {.code = CLD_EXITED, .status = 120, .broken = ""};
    char text[ENDING_TEXT_SIZE];
    size_t n_open;

    ending_describe(ENDING_EXCEPTION, &facts, text);
    assert_string_equal(text, "failed: uncaught exception");
    facts.raised = "";
    ending_describe(ENDING_EXCEPTION, &facts, text);
    assert_string_equal(text, "failed: uncaught exception");
    facts.raised = "ValueError: no good";
    n_open = ending_describe(ENDING_EXCEPTION, &facts, text);
    assert_int_equal(n_open, strlen("failed: uncaught exception: ValueError"));
    assert_string_equal(text, "failed: uncaught exception: ValueError: no good");
    facts.raised = "KeyboardInterrupt";
    n_open = ending_describe(ENDING_EXCEPTION, &facts, text);
    assert_int_equal(n_open, strlen("failed: uncaught exception: KeyboardInterrupt"));
    ending_describe(ENDING_ABORTED, &facts, text);
    assert_string_equal(text, "was aborted");
}

static void test_is_failure_only_good_ends_are_none(void **state) {
    for (int ending = ENDING_OK; ending < ENDINGS; ending++) {
        assert_int_equal(ending_is_failure((enum ending)ending),
                         ending != ENDING_OK && ending != ENDING_STOPPED);
    }
}

static void test_name_is_one_word_of_its_own(void **state) {
    for (int ending = ENDING_OK; ending < ENDINGS; ending++) {
        assert_non_null(ending_name((enum ending)ending));
        assert_null(strchr(ending_name((enum ending)ending), ' '));
        for (int other = 0; other < ending; other++) {
            assert_string_not_equal(ending_name((enum ending)ending),
                                    ending_name((enum ending)other));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classify_every_ending),
        cmocka_unit_test(test_describe_every_ending_says_something),
        cmocka_unit_test(test_describe_names_the_exception),
        cmocka_unit_test(test_is_failure_only_good_ends_are_none),
        cmocka_unit_test(test_name_is_one_word_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

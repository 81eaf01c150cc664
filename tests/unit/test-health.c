// SPDX-License-Identifier: MIT
// Deadlines of a worker, on a clock that moves only when it is told to (tests/fuzz/fake-loop.c).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/app/app.h"
#include "daemon/life/health.h"
#include "tests/fuzz/fake-loop.h"

#define SECOND 1000000u

static struct app app;
static struct health health;
static char said[64]; /* a letter for each: R(EADY), S(ICK), H(OPELESS); c: asked for CPU time */

static int say(void *context, enum state_event event) {
    const char *letter = event == EVENT_READY ? "R" : event == EVENT_SICK ? "S" : "H";

    strcat(said, letter);
    // As the supervisor does, which has it killed.
    if (event == EVENT_HOPELESS) {
        health_end(&health);
    }
    return 0;
}

static int ask_cpu(void *context) {
    strcat(said, "c");
    return 0;
}

static void begin(const struct health_policy *policy) {
    said[0] = '\0';
    app = (struct app){0};
    assert_int_equal(loop_new(&app.loop), 0);
    assert_int_equal(health_init(&health, &app, policy, say, ask_cpu, NULL), 0);
    health_begin(&health);
}

static void end(void) {
    health_done(&health);
    assert_null(app.health);
    app.loop = loop_free(app.loop);
    assert_int_equal(fake_loop_count(), 0);
}

// Steps that are small against every deadline, as a loop that is not late takes them.
static void pass(uint64_t usec) {
    for (uint64_t step = SECOND / 10; usec > 0; usec -= step) {
        assert_int_equal(fake_loop_pass(step), 0);
    }
}

static void test_first_call_is_ready_where_none_is_promised(void **state) {
    begin(&(struct health_policy){.ready_usec = 2 * SECOND});
    pass(SECOND);
    assert_int_equal(health_called(&app), 0);
    pass(100 * SECOND);
    assert_string_equal(said, "R");
    end();
}

static void test_first_call_is_not_ready_where_it_is_promised(void **state) {
    begin(&(struct health_policy){.asks_ready = true, .ready_usec = 2 * SECOND});
    assert_int_equal(health_called(&app), 0);
    assert_string_equal(said, "");
    assert_int_equal(health_ready(&app), 0);
    assert_int_equal(health_ready(&app), 0);
    assert_string_equal(said, "R");
    end();
}

static void test_ready_missed_twice_is_hopeless(void **state) {
    begin(&(struct health_policy){.asks_ready = true, .ready_usec = 2 * SECOND});
    pass(2 * SECOND);
    assert_string_equal(said, "S");
    assert_string_equal(health.why, "not ready after 2000 ms");
    pass(19 * SECOND / 10);
    assert_string_equal(said, "S");
    pass(SECOND / 10);
    assert_string_equal(said, "SH");
    pass(100 * SECOND);
    assert_string_equal(said, "SH");
    assert_int_equal(health.counters.misses[HEALTH_READY], 2);
    end();
}

static void test_ready_late_is_forgiven(void **state) {
    begin(&(struct health_policy){.asks_ready = true, .ready_usec = 2 * SECOND});
    pass(3 * SECOND);
    assert_int_equal(health_ready(&app), 0);
    pass(100 * SECOND);
    assert_string_equal(said, "SR");
    assert_string_equal(health.why, "");
    end();
}

static void test_heartbeats_in_time_keep_it_well(void **state) {
    begin(&(struct health_policy){
        .asks_ready = true, .ready_usec = 2 * SECOND, .heartbeat_usec = SECOND});
    assert_int_equal(health_ready(&app), 0);
    for (int i = 0; i < 50; i++) {
        pass(9 * SECOND / 10);
        assert_int_equal(health_heartbeat(&app), 0);
    }
    assert_string_equal(said, "R");
    assert_int_equal(health.counters.heartbeats, 50);
    end();
}

static void test_heartbeat_missed_once_then_well_then_twice(void **state) {
    begin(&(struct health_policy){.ready_usec = 2 * SECOND, .heartbeat_usec = SECOND});
    assert_int_equal(health_called(&app), 0);
    pass(SECOND);
    assert_string_equal(said, "RS");
    assert_string_equal(health.why, "no heartbeat for 1000 ms");
    assert_int_equal(health_heartbeat(&app), 0);
    assert_string_equal(said, "RSR");
    // What was missed before it was well again counts no more.
    pass(SECOND);
    assert_string_equal(said, "RSRS");
    pass(SECOND);
    assert_string_equal(said, "RSRSH");
    end();
}

static void test_ready_again_and_again_is_no_heartbeat(void **state) {
    begin(&(struct health_policy){
        .asks_ready = true, .ready_usec = 2 * SECOND, .heartbeat_usec = SECOND});
    for (int i = 0; i < 30; i++) {
        assert_int_equal(health_ready(&app), 0);
        pass(SECOND / 10);
    }
    assert_string_equal(said, "RSH");
    end();
}

static void test_heartbeat_before_ready_is_not_ready(void **state) {
    begin(&(struct health_policy){
        .asks_ready = true, .ready_usec = 2 * SECOND, .heartbeat_usec = SECOND});
    for (int i = 0; i < 50; i++) {
        assert_int_equal(health_heartbeat(&app), 0);
        pass(SECOND / 10);
    }
    assert_true(strncmp(said, "SH", 2) == 0);
    end();
}

// The supervisor was stopped for a minute: signs of life wait in the ring.
static void test_a_late_supervisor_judges_nobody(void **state) {
    begin(&(struct health_policy){.ready_usec = 2 * SECOND, .heartbeat_usec = SECOND});
    assert_int_equal(health_called(&app), 0);
    assert_int_equal(fake_loop_pass(60 * SECOND), 0);
    assert_int_equal(health_heartbeat(&app), 0);
    assert_string_equal(said, "R");
    pass(SECOND);
    assert_string_equal(said, "RS");
    end();
}

static void test_who_ends_is_asked_for_nothing(void **state) {
    begin(&(struct health_policy){.ready_usec = 2 * SECOND,
                                  .heartbeat_usec = SECOND,
                                  .cpu_percent = 50,
                                  .cpu_window_usec = SECOND});
    health_end(&health);
    pass(10 * SECOND);
    assert_int_equal(health_called(&app), 0);
    assert_int_equal(health_ready(&app), 0);
    assert_int_equal(health_heartbeat(&app), 0);
    assert_int_equal(health_cpu(&health, 100 * SECOND), 0);
    assert_string_equal(said, "");
    end();
}

static void test_the_next_worker_begins_anew(void **state) {
    begin(&(struct health_policy){.ready_usec = 2 * SECOND, .heartbeat_usec = SECOND});
    assert_int_equal(health_called(&app), 0);
    pass(SECOND);
    health_end(&health);
    health_begin(&health);
    assert_string_equal(health.why, "");
    assert_int_equal(health_called(&app), 0);
    pass(SECOND);
    assert_string_equal(said, "RSRS");
    end();
}

// The manager would end the whole service before a heartbeat of a minute is missed twice.
static void test_the_sick_get_the_patience_of_the_manager(void **state) {
    begin(&(struct health_policy){
        .ready_usec = 2 * SECOND, .heartbeat_usec = 60 * SECOND, .patience_usec = 5 * SECOND});
    assert_int_equal(health_called(&app), 0);
    pass(60 * SECOND);
    assert_string_equal(said, "RS");
    pass(5 * SECOND);
    assert_string_equal(said, "RSH");
    end();
}

static void test_no_health_nobody_asks(void **state) {
    static struct app alone;

    assert_int_equal(health_called(&alone), 0);
    assert_int_equal(health_ready(&alone), 0);
    assert_int_equal(health_heartbeat(&alone), 0);
}

// -- processor time ------------------------------------------------------------------------------

static const struct health_policy half = {
    .ready_usec = 2 * SECOND, .cpu_percent = 50, .cpu_window_usec = SECOND};

static void test_cpu_within_its_share_is_well(void **state) {
    begin(&half);
    assert_int_equal(health_called(&app), 0);
    pass(SECOND);
    assert_string_equal(said, "Rc");
    assert_int_equal(health_cpu(&health, SECOND / 2), 0);
    assert_int_equal(health.cpu_share, 50);
    assert_string_equal(said, "Rc");
    end();
}

static void test_cpu_above_its_share_twice_is_hopeless(void **state) {
    begin(&half);
    assert_int_equal(health_called(&app), 0);
    pass(SECOND);
    assert_int_equal(health_cpu(&health, SECOND), 0);
    assert_string_equal(said, "RcS");
    assert_string_equal(health.why, "100% of a processor for 1000 ms, 50% are allowed");
    pass(SECOND);
    assert_int_equal(health_cpu(&health, 2 * SECOND), 0);
    assert_string_equal(said, "RcScH");
    end();
}

static void test_cpu_above_its_share_once_is_forgiven(void **state) {
    begin(&half);
    assert_int_equal(health_called(&app), 0);
    pass(SECOND);
    assert_int_equal(health_cpu(&health, SECOND), 0);
    pass(SECOND);
    assert_int_equal(health_cpu(&health, SECOND + SECOND / 10), 0);
    assert_string_equal(said, "RcScR");
    assert_string_equal(health.why, "");
    end();
}

// `mpyctl top` asks whenever it likes, and judges nobody by a moment.
static void test_cpu_asked_for_in_between_is_not_judged(void **state) {
    begin(&half);
    assert_int_equal(health_called(&app), 0);
    pass(SECOND * 7 / 10);
    assert_int_equal(health_cpu(&health, SECOND * 7 / 10), 0);
    assert_string_equal(said, "R");
    pass(SECOND * 3 / 10);
    assert_int_equal(health_cpu(&health, SECOND), 0);
    assert_string_equal(said, "RcS");
    assert_string_equal(health.why, "100% of a processor for 1000 ms, 50% are allowed");
    end();
}

static void test_cpu_without_a_limit_is_only_shown(void **state) {
    begin(&(struct health_policy){.ready_usec = 2 * SECOND});
    assert_int_equal(health_called(&app), 0);
    pass(SECOND);
    assert_int_equal(health_cpu(&health, SECOND), 0);
    assert_int_equal(health.cpu_share, 100);
    assert_string_equal(said, "R");
    pass(SECOND);
    assert_int_equal(health_cpu(&health, SECOND + SECOND / 4), 0);
    assert_int_equal(health.cpu_share, 25);
    // What it took after the last look is told with its end.
    health_cpu_end(&health, 2 * SECOND);
    health_end(&health);
    health_begin(&health);
    health_cpu_end(&health, SECOND);
    assert_int_equal(health.cpu_total_usec, 3 * SECOND);
    end();
}

// A spinning worker that gives signs of life, and the other way round.
static void test_well_in_one_way_is_not_well_in_all(void **state) {
    begin(&(struct health_policy){.ready_usec = 2 * SECOND,
                                  .heartbeat_usec = 3 * SECOND,
                                  .cpu_percent = 50,
                                  .cpu_window_usec = SECOND});
    assert_int_equal(health_called(&app), 0);
    pass(SECOND);
    assert_int_equal(health_cpu(&health, SECOND), 0);
    assert_string_equal(said, "RcS");
    assert_int_equal(health_heartbeat(&app), 0);
    assert_string_equal(said, "RcS");
    pass(SECOND);
    assert_int_equal(health_cpu(&health, SECOND), 0);
    assert_string_equal(said, "RcScR");
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_call_is_ready_where_none_is_promised),
        cmocka_unit_test(test_first_call_is_not_ready_where_it_is_promised),
        cmocka_unit_test(test_ready_missed_twice_is_hopeless),
        cmocka_unit_test(test_ready_late_is_forgiven),
        cmocka_unit_test(test_heartbeats_in_time_keep_it_well),
        cmocka_unit_test(test_heartbeat_missed_once_then_well_then_twice),
        cmocka_unit_test(test_ready_again_and_again_is_no_heartbeat),
        cmocka_unit_test(test_heartbeat_before_ready_is_not_ready),
        cmocka_unit_test(test_a_late_supervisor_judges_nobody),
        cmocka_unit_test(test_who_ends_is_asked_for_nothing),
        cmocka_unit_test(test_the_next_worker_begins_anew),
        cmocka_unit_test(test_the_sick_get_the_patience_of_the_manager),
        cmocka_unit_test(test_no_health_nobody_asks),
        cmocka_unit_test(test_cpu_within_its_share_is_well),
        cmocka_unit_test(test_cpu_above_its_share_twice_is_hopeless),
        cmocka_unit_test(test_cpu_above_its_share_once_is_forgiven),
        cmocka_unit_test(test_cpu_asked_for_in_between_is_not_judged),
        cmocka_unit_test(test_cpu_without_a_limit_is_only_shown),
        cmocka_unit_test(test_well_in_one_way_is_not_well_in_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

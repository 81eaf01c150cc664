// SPDX-License-Identifier: MIT
// The table of states: what leads where, and what holds for all of it.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/life/state.h"

#define FOR_EACH_STATE(state) for (int state = 0; state < STATES; state++)
#define FOR_EACH_EVENT(event) for (int event = 0; event < STATE_EVENTS; event++)

// A life in each row: events, and where they lead from VERIFYING on.
static const struct life {
    enum state_event events[10];
    int n_events;
    int last; /* enum state, or -EPROTO for the last event */
} lives[] = {
    {{EVENT_CONFINED}, 1, STATE_STARTING},
    {{EVENT_ABSENT}, 1, STATE_BLANK},
    {{EVENT_ABSENT, EVENT_CONFINED, EVENT_STARTED, EVENT_READY}, 4, STATE_RUNNING},
    {{EVENT_ABSENT, EVENT_DAMAGED}, 2, -EPROTO},
    {{EVENT_LOCKED}, 1, STATE_LOCKED},
    {{EVENT_REFUSED}, 1, STATE_FAILED},
    {{EVENT_FAILED}, 1, STATE_FAILED},
    {{EVENT_STOP}, 1, STATE_ENDED},
    {{EVENT_READY}, 1, -EPROTO},
    {{EVENT_STARTED}, 1, -EPROTO},
    // Nothing starts a worker over a storage that is damaged.
    {{EVENT_DAMAGED, EVENT_CONFINED}, 2, STATE_CORRUPT},
    {{EVENT_DAMAGED, EVENT_CONFINED, EVENT_STOP}, 3, STATE_ENDED},
    {{EVENT_DAMAGED, EVENT_CONFINED, EVENT_RESTART}, 3, -EPROTO},
    {{EVENT_DAMAGED, EVENT_CONFINED, EVENT_RETRY}, 3, -EPROTO},
    // The first call may be faster than the spawner's word.
    {{EVENT_CONFINED, EVENT_READY, EVENT_STARTED}, 3, STATE_RUNNING},
    {{EVENT_CONFINED, EVENT_SICK, EVENT_STARTED}, 3, STATE_DEGRADED},
    {{EVENT_CONFINED, EVENT_FAILED}, 2, STATE_FAILED},
    {{EVENT_CONFINED, EVENT_READY, EVENT_FAILED}, 3, -EPROTO},
    // One missed deadline is forgiven, the second is not.
    {{EVENT_CONFINED, EVENT_READY, EVENT_SICK, EVENT_READY}, 4, STATE_RUNNING},
    {{EVENT_CONFINED, EVENT_READY, EVENT_HOPELESS}, 3, -EPROTO},
    {{EVENT_CONFINED, EVENT_READY, EVENT_SICK, EVENT_HOPELESS}, 4, STATE_STOPPING},
    {{EVENT_CONFINED, EVENT_READY, EVENT_SICK, EVENT_HOPELESS, EVENT_AGAIN, EVENT_RETRY},
     6,
     STATE_STARTING},
    {{EVENT_CONFINED, EVENT_READY, EVENT_AGAIN}, 3, STATE_BACKOFF},
    {{EVENT_CONFINED, EVENT_READY, EVENT_AGAIN, EVENT_STOP}, 4, STATE_ENDED},
    {{EVENT_CONFINED, EVENT_READY, EVENT_AGAIN, EVENT_RESTART}, 4, STATE_STARTING},
    {{EVENT_CONFINED, EVENT_READY, EVENT_AGAIN, EVENT_READY}, 4, -EPROTO},
    {{EVENT_CONFINED, EVENT_READY, EVENT_GAVE_UP}, 3, STATE_FAILED},
    {{EVENT_CONFINED, EVENT_READY, EVENT_FINISHED}, 3, STATE_ENDED},
    {{EVENT_CONFINED, EVENT_READY, EVENT_RETRY}, 3, -EPROTO},
    // Only who was asked to end is followed at once.
    {{EVENT_CONFINED, EVENT_READY, EVENT_ANEW}, 3, -EPROTO},
    {{EVENT_CONFINED, EVENT_READY, EVENT_RESTART, EVENT_ANEW}, 4, STATE_STARTING},
    {{EVENT_CONFINED, EVENT_READY, EVENT_RESTART, EVENT_STOP, EVENT_FINISHED}, 5, STATE_ENDED},
    {{EVENT_CONFINED, EVENT_STOP, EVENT_STARTED, EVENT_STOP, EVENT_BROKEN}, 5, STATE_STOPPING},
    {{EVENT_CONFINED, EVENT_STOP, EVENT_READY}, 3, -EPROTO},
    {{EVENT_CONFINED, EVENT_STOP, EVENT_SICK}, 3, -EPROTO},
};

static void test_every_life_leads_where_it_should(void **unused) {
    for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
        const struct life *life = &lives[i];
        int state = STATE_VERIFYING;

        for (int j = 0; j < life->n_events; j++) {
            if (state < 0) {
                fail_msg("life %zu: ended before event %d", i, j);
            }
            state = state_next((enum state)state, life->events[j]);
        }
        if (state != life->last) {
            fail_msg("life %zu: led to %d, not %d", i, state, life->last);
        }
    }
}

static void test_every_state_and_event_has_a_name_of_its_own(void **unused) {
    FOR_EACH_STATE(state) {
        assert_true(strlen(state_rows[state].name) > 0);
        for (int other = 0; other < state; other++) {
            assert_string_not_equal(state_rows[state].name, state_rows[other].name);
        }
    }
    FOR_EACH_EVENT(event) {
        assert_true(strlen(state_event_name((enum state_event)event)) > 0);
        for (int other = 0; other < event; other++) {
            assert_string_not_equal(state_event_name((enum state_event)event),
                                    state_event_name((enum state_event)other));
        }
    }
}

static void test_what_is_over_stays_over(void **unused) {
    FOR_EACH_STATE(state) {
        FOR_EACH_EVENT(event) {
            if (state_rows[state].is_over) {
                assert_int_equal(state_next((enum state)state, (enum state_event)event), -EPROTO);
            }
        }
    }
}

static void test_every_state_but_one_that_is_over_can_be_stopped(void **unused) {
    FOR_EACH_STATE(state) {
        int to = state_next((enum state)state, EVENT_STOP);

        assert_int_equal(to < 0, state_rows[state].is_over);
        // A worker is asked first.
        if (to >= 0) {
            assert_int_equal(to, state_rows[state].has_worker ? STATE_STOPPING : STATE_ENDED);
        }
    }
}

static void test_every_state_is_reached(void **unused) {
    bool reached[STATES] = {[STATE_VERIFYING] = true};

    for (int round = 0; round < STATES; round++) {
        FOR_EACH_STATE(state) {
            FOR_EACH_EVENT(event) {
                int to = state_next((enum state)state, (enum state_event)event);

                if (reached[state] && to >= 0) {
                    reached[to] = true;
                }
            }
        }
    }
    FOR_EACH_STATE(state) {
        if (!reached[state]) {
            fail_msg("nothing leads to %s", state_rows[state].name);
        }
    }
}

// The manager's watchdog must not take a worker that misses its deadlines for a healthy one.
static void test_no_sick_or_dead_service_feeds_the_watchdog(void **unused) {
    FOR_EACH_STATE(state) {
        bool sick = state == STATE_DEGRADED || state_rows[state].is_over;

        assert_int_equal(state_rows[state].feeds, !sick);
    }
}

static void test_ready_is_said_by_who_runs_or_cannot_ever(void **unused) {
    FOR_EACH_STATE(state) {
        bool is_up = state == STATE_RUNNING || state == STATE_CORRUPT;

        assert_int_equal(state_rows[state].is_up, is_up);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_life_leads_where_it_should),
        cmocka_unit_test(test_every_state_and_event_has_a_name_of_its_own),
        cmocka_unit_test(test_what_is_over_stays_over),
        cmocka_unit_test(test_every_state_but_one_that_is_over_can_be_stopped),
        cmocka_unit_test(test_every_state_is_reached),
        cmocka_unit_test(test_no_sick_or_dead_service_feeds_the_watchdog),
        cmocka_unit_test(test_ready_is_said_by_who_runs_or_cannot_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

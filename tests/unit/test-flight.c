// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/dispatch/flight.h"

#define GENERATION 3u

static void test_take_call_in_flight_once(void **state) {
    struct flights flights = {0};
    struct call_reference reference = flight_add(&flights, NULL, GENERATION, 17);

    assert_true(flight_has(&flights, reference));
    assert_true(flight_take(&flights, reference));
    assert_false(flight_has(&flights, reference));
    assert_false(flight_take(&flights, reference));
}

static void test_take_forged_reference_refused(void **state) {
    struct flights flights = {0};
    struct call_reference reference = flight_add(&flights, NULL, GENERATION, 17);
    struct call_reference forged = reference;

    forged.tag++;
    assert_false(flight_take(&flights, forged));
    forged = reference;
    forged.generation++;
    assert_false(flight_take(&flights, forged));
    forged = reference;
    forged.serial++;
    assert_false(flight_take(&flights, forged));
    assert_false(flight_take(&flights, (struct call_reference){0}));
    assert_true(flight_take(&flights, reference));
}

// A worker cancels a call and uses its tag again: the end of the first must not end the second.
static void test_take_tag_used_again_leaves_second(void **state) {
    struct flights flights = {0};
    struct call_reference first = flight_add(&flights, NULL, GENERATION, 17);
    struct call_reference second;

    assert_true(flight_take(&flights, first));
    second = flight_add(&flights, NULL, GENERATION, 17);
    assert_false(flight_take(&flights, first));
    assert_true(flight_take(&flights, second));
}

static void test_find_by_tag(void **state) {
    struct flights flights = {0};
    struct call_reference reference = flight_add(&flights, NULL, GENERATION, 17);
    struct call_reference found;

    (void)flight_add(&flights, NULL, GENERATION, 18);
    assert_true(flight_find(&flights, 17, &found));
    assert_int_equal(found.serial, reference.serial);
    assert_false(flight_find(&flights, 19, &found));
}

static void test_clear_forgets_all_for_good(void **state) {
    struct flights flights = {0};
    struct call_reference reference = flight_add(&flights, NULL, GENERATION, 17);

    flights_clear(&flights);
    (void)flight_add(&flights, NULL, GENERATION, 17);
    assert_false(flight_take(&flights, reference));
}

static void test_add_beyond_table_gives_serial_zero(void **state) {
    struct flights flights = {0};

    for (uint32_t i = 0; i < WIRE_SUBMISSIONS; i++) {
        assert_int_not_equal(flight_add(&flights, NULL, GENERATION, i).serial, 0);
    }
    assert_int_equal(flight_add(&flights, NULL, GENERATION, 1000).serial, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_take_call_in_flight_once),
        cmocka_unit_test(test_take_forged_reference_refused),
        cmocka_unit_test(test_take_tag_used_again_leaves_second),
        cmocka_unit_test(test_find_by_tag),
        cmocka_unit_test(test_clear_forgets_all_for_good),
        cmocka_unit_test(test_add_beyond_table_gives_serial_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "call/calls.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/record/metrics.h"

static void test_every_call_belongs_to_the_group_it_is_named_for(void **state) {
    for (uint32_t i = 0; i < CALLS_END; i++) {
        uint32_t group = metrics_group_of(i);
        uint32_t size = 0;
        const char *name = metrics_group_name(group, &size);

        if (call_rows[i].name) {
            assert_memory_equal(call_rows[i].name, name, size);
            assert_int_equal(call_rows[i].name[size], '.');
        } else {
            assert_int_equal(group, METRICS_GROUPS);
        }
    }
    assert_int_equal(metrics_group_of(CALLS_END), METRICS_GROUPS);
    assert_int_equal(metrics_group_of(UINT32_MAX), METRICS_GROUPS);
}

static void test_groups_are_told_once_each(void **state) {
    uint32_t sizes[2];
    uint32_t n = 0;

    while (metrics_group_name(n, &sizes[0])) {
        for (uint32_t i = 0; i < n; i++) {
            const char *one = metrics_group_name(i, &sizes[1]);

            assert_true(sizes[0] != sizes[1] ||
                        memcmp(one, metrics_group_name(n, &sizes[0]), sizes[0]) != 0);
        }
        n++;
    }
    assert_in_range(n, 5, METRICS_GROUPS);
}

static void test_calls_and_failures_are_counted_by_group(void **state) {
    struct metrics metrics = {0};
    const struct metrics_group *sockets = &metrics.groups[metrics_group_of(CALL_SOCKET_SEND)];

    metrics_count(&metrics, CALL_SOCKET_SEND, 0);
    metrics_count(&metrics, CALL_SOCKET_RECV, 11);
    metrics_count(&metrics, CALL_LOG_WRITE, 0);
    metrics_count(&metrics, CALLS_END, 38);
    assert_int_equal(sockets->calls, 2);
    assert_int_equal(sockets->failures, 1);
    assert_int_equal(metrics.groups[metrics_group_of(CALL_LOG_WRITE)].calls, 1);
}

// A bucket holds what is as long as its upper end.
static void test_time_goes_into_the_bucket_it_is_within(void **state) {
    const struct {
        uint64_t nsec;
        uint32_t bucket;
    } cases[] = {{0, 0},     {1000, 0},        {1001, 1},        {4000, 1},
                 {4001, 2},  {1048576000, 10}, {1048576001, 11}, {UINT64_MAX / 2, 11},
                 {15999, 2}, {16000, 2},       {16001, 3}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct metrics metrics = {0};
        const struct metrics_group *group = &metrics.groups[metrics_group_of(CALL_CLOCK_READ)];

        metrics_time(&metrics, CALL_CLOCK_READ, cases[i].nsec);
        metrics_time(&metrics, CALLS_END, cases[i].nsec);
        for (uint32_t j = 0; j < METRICS_BUCKETS; j++) {
            assert_int_equal(group->buckets[j], j == cases[i].bucket);
        }
        assert_int_equal(group->timed_nsec, cases[i].nsec);
    }
    assert_int_equal(metrics_bucket_usec(0), 1);
    assert_int_equal(metrics_bucket_usec(METRICS_BUCKETS - 2), 1048576);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_call_belongs_to_the_group_it_is_named_for),
        cmocka_unit_test(test_groups_are_told_once_each),
        cmocka_unit_test(test_calls_and_failures_are_counted_by_group),
        cmocka_unit_test(test_time_goes_into_the_bucket_it_is_within),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

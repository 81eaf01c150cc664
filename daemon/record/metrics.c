// SPDX-License-Identifier: MIT
#include "daemon/record/metrics.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "call/calls.h"
#include "daemon/dispatch/dispatch.h"

// Numbers of a group follow each other in the table, so a group is where the prefix changes.
static struct {
    bool made;
    uint8_t group_of[CALLS_END];
    const char *names[METRICS_GROUPS]; /* "socket.open": up to the full stop */
    uint32_t n_names;
} table;

static size_t group_size(const char *name) {
    return strcspn(name, ".");
}

static uint32_t enter(const char *name) {
    size_t size = group_size(name);

    for (uint32_t i = 0; i < table.n_names; i++) {
        if (group_size(table.names[i]) == size && memcmp(table.names[i], name, size) == 0) {
            return i;
        }
    }
    assert(table.n_names < METRICS_GROUPS);
    table.names[table.n_names] = name;
    return table.n_names++;
}

static void make_table(void) {
    for (uint32_t i = 0; i < CALLS_END; i++) {
        table.group_of[i] = METRICS_GROUPS;
        if (call_rows[i].name) {
            table.group_of[i] = (uint8_t)enter(call_rows[i].name);
        }
    }
    table.made = true;
}

uint32_t metrics_group_of(uint32_t number) {
    if (!table.made) {
        make_table();
    }
    return number < CALLS_END ? table.group_of[number] : METRICS_GROUPS;
}

const char *metrics_group_name(uint32_t group, uint32_t *ret_size) {
    if (!table.made) {
        make_table();
    }
    if (group >= table.n_names) {
        return NULL;
    }
    *ret_size = (uint32_t)group_size(table.names[group]);
    return table.names[group];
}

void metrics_count(struct metrics *metrics, uint32_t number, int error) {
    uint32_t group = metrics_group_of(number);

    if (group < METRICS_GROUPS) {
        metrics->groups[group].calls++;
        metrics->groups[group].failures += error != 0;
    }
}

uint64_t metrics_bucket_usec(uint32_t bucket) {
    return 1ull << 2 * bucket;
}

void metrics_time(struct metrics *metrics, uint32_t number, uint64_t duration_nsec) {
    uint32_t group = metrics_group_of(number);
    uint32_t bucket = 0;

    if (group == METRICS_GROUPS) {
        return;
    }
    while (bucket < METRICS_BUCKETS - 1 && duration_nsec > metrics_bucket_usec(bucket) * 1000) {
        bucket++;
    }
    metrics->groups[group].buckets[bucket]++;
    metrics->groups[group].timed_nsec += duration_nsec;
}

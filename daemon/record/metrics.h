// SPDX-License-Identifier: MIT
#pragma once

// Calls, counted by group, and how long they took. Counting is two stores for each call; a time
// costs as much as a small call, so that one call of some thirty is timed (record.h).

#include <stdint.h>

#define METRICS_GROUPS 16 /* at most; the table has half of it */

// Upper ends of the buckets: 1 us, 4 us, 16 us ... 4^10 us (a second); the last has none.
#define METRICS_BUCKETS 12

struct metrics_group {
    uint64_t calls;
    uint64_t failures;                 /* calls that ended in an error */
    uint64_t buckets[METRICS_BUCKETS]; /* of the calls timed, each in one */
    uint64_t timed_nsec;               /* all of them together */
};

struct metrics {
    struct metrics_group groups[METRICS_GROUPS];
};

// Counts a call: NUMBER of call/calls.csv, ERROR as in struct record. A number without a call
// counts for no group.
void metrics_count(struct metrics *metrics, uint32_t number, int error);

// Notes that a call of NUMBER took so long.
void metrics_time(struct metrics *metrics, uint32_t number, uint64_t duration_nsec);

// The name of a group ("socket"), of no fixed length: *ret_size bytes. NULL: there are no more.
const char *metrics_group_name(uint32_t group, uint32_t *ret_size);

// Which group a call belongs to; METRICS_GROUPS: there is no such call.
uint32_t metrics_group_of(uint32_t number);

// The upper end of a bucket in microseconds. Not of the last one.
uint64_t metrics_bucket_usec(uint32_t bucket);

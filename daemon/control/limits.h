// SPDX-License-Identifier: MIT
#pragma once

// What an app is held to, in one table: each limit with how much of it is used and how often the
// app was held to it. Status and metrics print it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct supervisor;

#define LIMITS_UNKNOWN (-1) /* a rate has nothing in use; some limits are kept out of our sight */

struct limit_row {
    const char *name;
    const char *unit; /* "bytes", "handles", "lines/s" ... */
    uint64_t limit;   /* 0: there is none, but where ... */
    bool is_nothing;  /* ... the app gets nothing of it */
    int64_t used;     /* in the same unit, or LIMITS_UNKNOWN */
    int64_t hits;     /* since the supervisor started, or LIMITS_UNKNOWN */
};

static inline bool limits_holds(const struct limit_row *row) {
    return row->limit > 0 || row->is_nothing;
}

// The limit of number INDEX, from 0 on. False: there are no more.
bool limits_get(const struct supervisor *supervisor, size_t index, struct limit_row *ret_row);

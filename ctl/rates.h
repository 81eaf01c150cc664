// SPDX-License-Identifier: MIT
#pragma once

// What happened between two answers to Metrics(), for mpyctl top.

#include <stdbool.h>
#include <stddef.h>

struct json_object;

#define RATES_GROUPS_MAX 16u
#define RATES_GROUP_SIZE 24u

struct rates {
    char group[RATES_GROUP_SIZE]; /* of calls; "": all together */
    double calls, failures;       /* a second */
    double median, slow;          /* seconds within which half and 99 % of them ended; < 0: none */
    bool is_since_start;          /* none of those was timed: it is of all since the app began */
};

// The rates of all groups together, and of each that made a call, in *RATES, SECONDS after BEFORE
// (NULL: the app has just begun). Returns how many were filled in.
size_t rates_of(struct json_object *before, struct json_object *after, double seconds,
                struct rates rates[RATES_GROUPS_MAX + 1]);

// SPDX-License-Identifier: MIT
#pragma once

// When the next worker is started after one that ended: after a delay that doubles, until there
// were too many in too short a time.

#include <stdbool.h>
#include <stdint.h>

struct restart_policy {
    uint64_t delay_usec; /* before the first restart of a window */
    uint64_t delay_max_usec;
    uint32_t burst; /* restarts in a window, at most */
    uint64_t window_usec;
};

// What is remembered: begin with zeroes.
struct restart {
    uint64_t window_start_usec;
    uint32_t n_restarts; /* in this window */
};

// Decides at NOW_USEC. Returns true and *ret_delay_usec, or false: give up.
bool restart_next(struct restart *restart, const struct restart_policy *policy, uint64_t now_usec,
                  uint64_t *ret_delay_usec);

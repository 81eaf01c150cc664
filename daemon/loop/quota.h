// SPDX-License-Identifier: MIT
#pragma once

// A token bucket: RATE a second on average, and as many at once after a second of rest.

#include <stdbool.h>
#include <stdint.h>

struct quota {
    uint32_t rate;      /* tokens a second; 0: none are ever given */
    uint64_t level;     /* millionths of a token */
    uint64_t seen_usec; /* when the level was right */
};

// Full at first. NOW_USEC is of a clock that never goes back, here and below.
void quota_init(struct quota *quota, uint32_t rate, uint64_t now_usec);

// Takes a token. False: there is none.
bool quota_take(struct quota *quota, uint64_t now_usec);

// How long it takes until there are N tokens, as of the last quota_take(): N at most the rate,
// which is not 0.
uint64_t quota_wait_usec(const struct quota *quota, uint32_t n);

// SPDX-License-Identifier: MIT
#include "daemon/loop/quota.h"

#define TOKEN 1000000u

void quota_init(struct quota *quota, uint32_t rate, uint64_t now_usec) {
    *quota = (struct quota){
        .rate = rate,
        .level = (uint64_t)rate * TOKEN,
        .seen_usec = now_usec,
    };
}

bool quota_take(struct quota *quota, uint64_t now_usec) {
    uint64_t full = (uint64_t)quota->rate * TOKEN;
    uint64_t gain = 0;

    // A microsecond brings RATE millionths of a token; more than a second of them overflows nothing
    // because the bucket is full by then.
    if (now_usec - quota->seen_usec >= TOKEN) {
        gain = full;
    } else {
        gain = (now_usec - quota->seen_usec) * quota->rate;
    }
    quota->level = quota->level + gain < full ? quota->level + gain : full;
    quota->seen_usec = now_usec;
    if (quota->level < TOKEN) {
        return false;
    }
    quota->level -= TOKEN;
    return true;
}

uint64_t quota_wait_usec(const struct quota *quota, uint32_t n) {
    uint64_t wanted = (uint64_t)n * TOKEN;

    return wanted <= quota->level ? 0 : (wanted - quota->level + quota->rate - 1) / quota->rate;
}

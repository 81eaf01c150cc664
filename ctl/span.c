// SPDX-License-Identifier: MIT
#include "ctl/span.h"

#include <inttypes.h>
#include <stdio.h>

#define SECOND UINT64_C(1000000)

const char *span_time(uint64_t usec, char text[SPAN_SIZE]) {
    uint64_t seconds = usec / SECOND;

    if (usec < 1000) {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64 "us", usec);
    } else if (usec < SECOND) {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64 "ms", usec / 1000);
    } else if (seconds < 60) {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64 ".%" PRIu64 "s", seconds,
                       usec % SECOND / (SECOND / 10));
    } else if (seconds < 3600) {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64 "min %" PRIu64 "s", seconds / 60, seconds % 60);
    } else if (seconds < 86400) {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64 "h %" PRIu64 "min", seconds / 3600,
                       seconds % 3600 / 60);
    } else {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64 "d %" PRIu64 "h", seconds / 86400,
                       seconds % 86400 / 3600);
    }
    return text;
}

const char *span_bytes(uint64_t bytes, char text[SPAN_SIZE]) {
    static const char units[] = {'\0', 'K', 'M', 'G', 'T', 'P', 'E'};
    uint64_t whole = bytes, tenths = 0;
    unsigned unit = 0;

    while (whole >= 1024) {
        tenths = whole % 1024 * 10 / 1024;
        whole /= 1024;
        unit++;
    }
    if (unit > 0 && whole < 10 && tenths > 0) {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64 ".%" PRIu64 "%c", whole, tenths, units[unit]);
    } else if (unit > 0) {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64 "%c", whole, units[unit]);
    } else {
        (void)snprintf(text, SPAN_SIZE, "%" PRIu64, whole);
    }
    return text;
}

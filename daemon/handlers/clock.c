// SPDX-License-Identifier: MIT

#include <errno.h>
#include <time.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/handler.h"

int handle_clock_read(struct call *call, uint32_t clock, int64_t *ret_result) {
    struct timespec now;

    if (clock_gettime(clock == CLOCK_READ_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC, &now) <
        0) {
        return -errno;
    }
    *ret_result = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    return 0;
}

// SPDX-License-Identifier: MIT
#include "vm/clock.h"

#include <stdbool.h>
#include <time.h>

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"

#define NSEC_PER_SEC 1000000000

_Static_assert((int)CLOCK_ID_REALTIME == (int)CLOCK_READ_CLOCK_REALTIME, "passed on as it is");
_Static_assert((int)CLOCK_ID_MONOTONIC == (int)CLOCK_READ_CLOCK_MONOTONIC, "passed on as it is");

static bool vdso_is_missing;
static int64_t latest[2]; /* by enum clock_id */

int64_t clock_nsec(enum clock_id id) {
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    struct timespec now;
    int64_t nsec = 0;

    if (!vdso_is_missing && !caller.kernel->clock_calls) {
        // Where the vDSO has no clock, libc tries the system call, which the filter answers.
        if (clock_gettime(clocks[id], &now) == 0) {
            return latest[id] = (int64_t)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
        }
        vdso_is_missing = true;
    }
    nsec = call_clock_read(id);
    if (nsec >= 0) {
        latest[id] = nsec;
    }
    return latest[id];
}

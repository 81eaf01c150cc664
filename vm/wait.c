// SPDX-License-Identifier: MIT
#include "vm/wait.h"

#include "py/mphal.h"
#include "py/runtime.h"

#include "call/caller.h"
#include "call/proxies.h"
#include "vm/clock.h"
#include "vm/socket.h"
#include "vm/stop.h"
#include "vm/upcall.h"

#define NSEC_PER_USEC 1000
#define USEC_PER_MSEC 1000
#define DURATION_MAX (INT64_MAX / NSEC_PER_USEC / 4) /* 73 years: nothing below overflows */

// Readiness as it was when wait_usec() last returned. What waits looks at readiness after that, so
// a change since then may not have been seen and must not be slept through. The generation shows
// before the completion of a posted receive whose bytes raised it, and taken from there it would
// hide them; what a wait returns comes after all that it tells of.
static uint32_t generation;

static bool is_asleep;
static bool is_skipped; /* the next wait is */

void wait_skip(void) {
    is_skipped = true;
}

bool wait_is_asleep(void) {
    return is_asleep;
}

// Work that is pending and that the VM has not run yet would be slept through.
static bool must_return(void) {
    bool is_over = is_skipped;

    is_skipped = false;
    stop_poll();
    return is_over || upcall_is_due();
}

void wait_usec(int64_t timeout_usec) {
    bool is_posted = socket_ahead_is_waiting();
    int64_t result = -1, most = socket_later_run();

    if (timeout_usec < 0 || (most >= 0 && most < timeout_usec)) {
        timeout_usec = most;
    }
    if (must_return()) {
        timeout_usec = 0;
    }
    if (timeout_usec != 0 && (is_posted || caller_generation() == generation)) {
        is_asleep = true;
        result = call_channel_wait(generation, timeout_usec < 0 ? -1 : timeout_usec);
        is_asleep = false;
    }
    if (!is_posted) {
        generation = caller_generation();
    } else if (result >= 0) {
        generation = (uint32_t)result;
    }
}

void wait_for_event(uintptr_t timeout_ms) {
    if (timeout_ms > DURATION_MAX / USEC_PER_MSEC) {
        wait_usec(-1);
    } else {
        wait_usec((int64_t)timeout_ms * USEC_PER_MSEC);
    }
}

void wait_sleep(int64_t duration_usec) {
    int64_t end = 0;

    if (duration_usec > DURATION_MAX) {
        duration_usec = DURATION_MAX;
    }
    end = clock_nsec(CLOCK_ID_MONOTONIC) + duration_usec * NSEC_PER_USEC;
    for (;;) {
        int64_t left = 0;

        mp_event_handle_nowait();
        left = end - clock_nsec(CLOCK_ID_MONOTONIC);
        if (left <= 0) {
            return;
        }
        wait_usec((left + NSEC_PER_USEC - 1) / NSEC_PER_USEC);
    }
}

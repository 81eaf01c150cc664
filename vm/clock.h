// SPDX-License-Identifier: MIT
#pragma once

// The one clock of the VM. Everything an app can learn about time comes from here: from the vDSO
// where the machine has one that works, else by a call, and always by a call if the kernel page
// says so, for a run whose time is to be known or told.

#include <stdint.h>

enum clock_id {
    CLOCK_ID_REALTIME = 0, /* since 1970, UTC */
    CLOCK_ID_MONOTONIC = 1,
};

// Nanoseconds of a clock. Never fails: if even the call does, time stands still.
int64_t clock_nsec(enum clock_id id);

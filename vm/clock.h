// SPDX-License-Identifier: MIT
#pragma once

// The one clock of the VM. Everything an app can learn about time comes from here, from the vDSO
// where the machine has one that works, else by a call; a run can be switched to calls for good.

#include <stdbool.h>
#include <stdint.h>

enum clock_id {
    CLOCK_ID_REALTIME = 0, /* since 1970, UTC */
    CLOCK_ID_MONOTONIC = 1,
};

// Nanoseconds of a clock. Never fails: if even the call does, time stands still.
int64_t clock_nsec(enum clock_id id);

// Takes the time by calls from now on (true), or from the vDSO again.
void clock_use_calls(bool use);

// SPDX-License-Identifier: MIT
#pragma once

// From state to state: what is done on entering each, and who is told.

#include "daemon/life/state.h"

struct supervisor;

// EVENT happened. Returns 0 or -errno, -EPROTO if it cannot happen now, which is logged.
int lifecycle_event(struct supervisor *supervisor, enum state_event event);

// Why the state is what it is, for people; the next state keeps it or has its own.
void lifecycle_give_reason(struct supervisor *supervisor, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

// Says once more what is wrong with the storage. Returns 0.
int lifecycle_advise(struct supervisor *supervisor);

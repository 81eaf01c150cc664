// SPDX-License-Identifier: MIT
#pragma once

// Sleeping, always in one call and never in a poll loop.

#include <stdbool.h>
#include <stdint.h>

// Sleeps until something became ready since the last return, an upcall came, or TIMEOUT_USEC is
// over (negative: no limit). Returns early at will: look at what you wait for, and at pending
// exceptions, and call again.
void wait_usec(int64_t timeout_usec);

// Sleeps DURATION_USEC, running scheduled callbacks and raising pending exceptions meanwhile.
void wait_sleep(int64_t duration_usec);

// The next wait_usec() returns at once: what the app waits for may have changed, and not by an
// event.
void wait_skip(void);

// Whether wait_usec() sleeps: its call may be cancelled at any time.
bool wait_is_asleep(void);

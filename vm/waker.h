// SPDX-License-Identifier: MIT
#pragma once

// A stream that is readable once a function of the app has run for an upcall. asyncio polls it
// beside its own streams: that function may have made a task or set an event, which its loop sees
// only between two waits.

struct waker;
extern const struct waker waker; /* an object of MicroPython's */

// Makes it readable, until it was polled.
void waker_wake(void);

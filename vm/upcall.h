// SPDX-License-Identifier: MIT
#pragma once

// What the supervisor says unasked, and what of the app runs for it: functions that the app gave to
// be called on a stop or by a message. They run in the app's own thread, one after the other, where
// the VM looks for pending work: between two instructions or while the app waits. The scheduler is
// locked meanwhile, so that none runs within another; but a function for a message is interrupted
// for a stop, as everything of the app is.

#include <stdbool.h>

// The VM is there: acts upon what came before.
void upcall_start(void);

// Nothing more of the app runs for upcalls.
void upcall_end(void);

// The worker's last call comes, which nothing cancels: there is none after it.
void upcall_exit(void);

// Has the functions for a stop run (vm/stop.c).
void upcall_schedule(void);

// True if such work is pending and could run now: who is about to sleep returns to the VM instead.
bool upcall_is_due(void);

// SPDX-License-Identifier: MIT
#pragma once

// How a running app is told to stop. The VM's loop compares the channel's control word with the
// one it saw last; a difference means a new stop level or an upcall.
//
// A level is acted upon once, when it is first seen, by leaving an exception pending that the VM
// raises where the app is: SystemExit to stop, KeyboardInterrupt for a console's Ctrl-C. The
// functions that the app gave for it run before. The last level leaves the VM at once and runs
// nothing more of the app.

#include <stdbool.h>
#include <stdint.h>

#include "call/caller.h"

extern uint32_t stop_seen; /* the control word that was acted upon last */

// Acts upon the new control word CONTROL: consumes upcalls, makes a new stop level pending.
void stop_changed(uint32_t control);

// Once in every turn of the VM's loop: a load and a compare.
static inline void stop_poll(void) {
    uint32_t control = caller_control();

    if (__builtin_expect(control != stop_seen, 0)) {
        stop_changed(control);
    }
}

// The VM is there: from now on a stop is acted upon, one that came before at once.
void stop_start(void);

// Whether the app was told to stop.
bool stop_is_under_way(void);

// Makes the app stop, once more, unless an exception or functions for the stop are pending still: a
// function that it came to may have swallowed it, and was not the app's own course.
void stop_insist(void);

// True if EXCEPTION (an mp_obj_t's pointer) is the one that a stop raised and not the app's own.
bool stop_is_cause(const void *exception);

// Has FUNCTION (an mp_obj_t) called, without arguments, once the app is told to stop, after those
// added before. Raises MemoryError.
void stop_add_callback(void *function);

// Whether there are such functions, still to be called.
bool stop_has_callbacks(void);

// Calls them, if the app was told to stop, and then makes it stop. For vm/upcall.c alone.
void stop_run_callbacks(void);

// SPDX-License-Identifier: MIT
#pragma once

// How a running app is told to stop. The VM's loop compares the channel's control word with the
// one it saw last; a difference means a new stop level or an upcall.
//
// A level is acted upon once, when it is first seen, by leaving an exception pending that the VM
// raises where the app is: SystemExit to stop, KeyboardInterrupt for a console's Ctrl-C. The last
// level leaves the VM at once and runs nothing more of the app.

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

// True if EXCEPTION (an mp_obj_t's pointer) is the one that a stop raised and not the app's own.
bool stop_is_cause(const void *exception);

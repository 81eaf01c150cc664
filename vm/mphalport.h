// SPDX-License-Identifier: MIT
#pragma once

// What MicroPython's core asks of the machine under it: time, waiting and output.

#include <stddef.h>
#include <stdint.h>

// Sleeps until something became ready, an upcall came, or TIMEOUT_MS is over ((uintptr_t)-1: no
// limit). See vm/wait.h.
void wait_for_event(uintptr_t timeout_ms);

// micropython.kbd_intr(): there is no terminal whose Ctrl-C could be another character.
static inline void mp_hal_set_interrupt_char(int character) {
    (void)character;
}

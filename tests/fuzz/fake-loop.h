// SPDX-License-Identifier: MIT
#pragma once

// A loop in place of daemon/loop/loop.c, for targets that must do the same each time: nothing
// happens in it unless the target says so, and its clock stands still.

#include <stdbool.h>
#include <stdint.h>

#include "daemon/loop/loop.h"

// What serve.c does each time before the loop sleeps, and right after. Returns what it returns.
int fake_loop_turn(void);

// What loop_run() does where the daemon would sleep, until loop_exit(). A negative return ends it.
void fake_loop_set_sleep(int (*sleep)(void));

// Tells source number WHICH (of those that are there, modulo), or that of FD, of EVENTS. Returns
// what its function does; 0 if there is none.
int fake_loop_event(uint32_t which, uint32_t events);
int fake_loop_event_of(int fd, uint32_t events);

// Tells each source once what poll(2) says of its descriptor now, where all are real ones. Returns
// how many there was something to tell, or what the first that failed did.
int fake_loop_poll(void);

// Lets time pass and runs what is due by then, each timer at most once. Returns what the first that
// failed does, or 0.
int fake_loop_pass(uint64_t usec);

// How many sources and timers there are: none once everything was freed.
unsigned fake_loop_count(void);

// SPDX-License-Identifier: MIT
#pragma once

// How many files the supervisor may have open: one for each handle of the app, and its own.

#include <stdint.h>

/* channel, loop, timers, logs, the resolver's sockets, marks, files that wait for the disk and
   files that the app is given, clients of the control socket */
#define DESCRIPTORS_RESERVE 440u

// Raises the limit to what N_HANDLES need, as far as the process may. Before it confines itself.
// Returns 0 or -errno.
int descriptors_raise(uint64_t n_handles);

// Warns if the limit is too low for N_HANDLES: the app will then meet ENFILE or EMFILE before its
// own quota. Returns 0 or -errno.
int descriptors_check(uint64_t n_handles);

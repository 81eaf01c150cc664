// SPDX-License-Identifier: MIT
#pragma once

// Linux' sockets as the handlers of the socket group see them, played by the input: what succeeds,
// how much is moved, who is the peer. Nothing leaves the process. Whatever a handler hands to the
// kernel is checked here: descriptors that are open, memory that is private, addresses that the
// policy allows.

#include <stdint.h>

struct app;
struct input;

#define FAKE_FD_MIN 1000
#define FAKE_FDS 2048

// The functions of libc below are linked with --wrap: tests/fuzz/meson.build has their names.
void fake_kernel_start(struct app *app, struct input *input);

// How many sockets are open.
unsigned fake_kernel_count(void);

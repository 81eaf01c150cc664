// SPDX-License-Identifier: MIT
#pragma once

// Linux' sockets as the handlers of the socket group see them, played by the input: what succeeds,
// how much is moved, who is the peer. Nothing leaves the process. Whatever a handler hands to the
// kernel is checked here: descriptors that are open, memory that is private, addresses that the
// policy allows.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app;
struct input;

#define FAKE_FD_MIN 1000
#define FAKE_FDS 2048

// The functions of libc below are linked with --wrap: tests/fuzz/meson.build has their names.
void fake_kernel_start(struct app *app, struct input *input);

// Whether a datagram that the app may not hear is in the arena, where its worker can read it.
bool fake_kernel_leaked(void);

// Whether the input brings such a datagram's text itself: its worker could then write it there.
bool fake_kernel_is_guessed(const uint8_t *data, size_t size);

// How many sockets are open.
unsigned fake_kernel_count(void);

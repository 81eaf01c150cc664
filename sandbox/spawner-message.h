// SPDX-License-Identifier: MIT
#pragma once

// What the spawner says, and what comes along with what it is asked.

#include <stdint.h>

#include "sandbox/sandbox.h"

struct msghdr;

// Sends EVENT with its reports. Returns 0 or -errno.
int spawner_say(const struct spawner_event *event);

// Says that the step WHAT failed with ERROR (errno, of either sign). Returns 0 or -errno.
int spawner_say_failure(uint32_t generation, int error, const char *what);

// The descriptor that came with MESSAGE, the caller's; -1: none.
int spawner_take_descriptor(struct msghdr *message);

// SPDX-License-Identifier: MIT
#pragma once

// Randomness, from the supervisor's kernel by a call.

#include <stddef.h>

// Fills DATA, SIZE bytes. Raises the OSError of the call that failed.
void random_fill(void *data, size_t size);

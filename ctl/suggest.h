// SPDX-License-Identifier: MIT
#pragma once

// What a misspelled word was probably meant to be.

#include <stdint.h>

// How many letters have to be put in, left out, replaced or swapped with a neighbour to make one
// word of the other; UINT32_MAX where that is too much, or a word too long, to be a slip.
uint32_t suggest_distance(const char *written, const char *word);

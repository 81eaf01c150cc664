// SPDX-License-Identifier: MIT
#pragma once

// Whether an image would start: the same steps, in the same words, as of mpyd run.

#include "image/trust.h"

struct places;
struct slot;

// Checks the image PATH, of the app NAME. Returns TRUST_GIVEN and *ret_slot (but its verdict);
// TRUST_LOCKED if it is signed, but its key is not here, and *ret_slot has what could be told; or
// another enum trust_result, having logged why.
int sound_check(const struct places *places, const char *path, const char *name,
                struct slot *ret_slot);

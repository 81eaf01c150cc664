// SPDX-License-Identifier: MIT
#pragma once

// The least security counter that an image of an app may have. One file an app, named after it, one
// decimal number in it, in a directory that the supervisor cannot write to: an older image, with a
// hole that a newer one mended, does not come back because somebody signed it once.

#include <stdint.h>

#include "image/guarded.h"

#define FLOOR_DIRECTORY "/var/lib/mpyd-floors"

// Reads the floor of APP in the directory NAMED, or in FLOOR_DIRECTORY where it is NULL, which
// alone may be absent. Returns 0 and *ret_floor, which is 0 where there is no file; or
// GUARDED_REFUSED with the reason in WHY, one line that names the file: what cannot be read is no
// floor of 0.
int floor_read(const char *named, const char *app, uint64_t *ret_floor, char why[GUARDED_WHY_SIZE]);

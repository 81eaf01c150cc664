// SPDX-License-Identifier: MIT
#pragma once

// Floats to text and back, to the last bit as CPython does it. Upstream's own routines round at
// each digit; vm/Makefile and vm/mpy-cross.mk put these in their place, in images and in the
// compiler. The arithmetic is libc's, which is exact in musl and in glibc.

#include <stdbool.h>
#include <stddef.h>

#define NUMBER_REPR 'r'  /* shortest text that reads back as the same double */
#define NUMBER_UNTYPED 0 /* as format(x, ".3"): 'g' that keeps a digit behind the point */

// Bytes that number_format() wants room for, besides the digits behind the point.
#define NUMBER_SIZE 330

// Writes VALUE to BUFFER of SIZE bytes, at least 32. TYPE: one of e E f F g G (as in C),
// NUMBER_REPR or NUMBER_UNTYPED. PRECISION: as in C, negative for the usual; NUMBER_REPR has none.
// ALTERNATE: keep the point and the zeros behind it. Returns the length, of what was cut off too.
int number_format(char *buffer, size_t size, double value, char type, int precision,
                  bool alternate);

// Raises RuntimeError unless libc has the stack it needs for numbers.
void number_check_stack(void);

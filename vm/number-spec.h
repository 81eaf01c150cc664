// SPDX-License-Identifier: MIT
#pragma once

// Included in front of py/objstr.c, by vm/Makefile. str.format() takes a missing type for 'g',
// which CPython does not: format(0.1, "8") is as long as repr(0.1). By the time it prints the
// number it has forgotten; so, where it looks at the specification, its local FLAGS are told.

#include "py/mpconfig.h"

#include "py/misc.h"
#include "py/mpprint.h"
#include "py/runtime.h"

#define NUMBER_FLAG_UNTYPED 0x1000 /* beyond the PF_FLAG_... of py/mpprint.h */

// Returns NUMBER_FLAG_UNTYPED if SPEC, of a replacement field, names no type; else 0.
int number_spec_flags(const vstr_t *spec);

#define vstr_null_terminated_str(spec)                                                             \
    (flags |= number_spec_flags(spec), vstr_null_terminated_str(spec))

// SPDX-License-Identifier: MIT
#pragma once

// Included by vm/Makefile in front of py/runtime.c and py/objint_mpz.c, each of which makes one
// float: the quotient of two integers, of which upstream makes floats before it divides.
// NUMBER_QUOTIENT is what makes it instead, from their local variables.

#include <stdarg.h> // py/obj.h has more with it, which py/runtime.c wants

#include "py/mpconfig.h"

#include "py/mpz.h"
#include "py/obj.h"

// The float nearest to LEFT / RIGHT, which is not zero. Raises OverflowError where there is none.
mp_obj_t number_divide(const mpz_t *left, const mpz_t *right);
mp_obj_t number_divide_small(mp_int_t left, mp_int_t right);

#define mp_obj_new_float(quotient) NUMBER_QUOTIENT

// SPDX-License-Identifier: MIT

// round() of floats to a number of digits, as CPython has it: the nearest of the exact value.
// Upstream multiplies by a power of ten, and rounds what that makes of it.

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "py/mpconfig.h"

#include "py/runtime.h"

#include "vm/number-round.h"
#include "vm/number.h"

#undef mp_builtin_round

#define DIGITS_MAX 323    /* beyond, nothing is left to round */
#define DIGITS_MIN (-309) /* beyond, nothing is left */

// VALUE to DIGITS behind the point.
static double round_fraction(double value, int digits) {
    char text[NUMBER_SIZE + DIGITS_MAX];

    (void)number_format(text, sizeof(text), value, 'f', digits, false);
    return strtod(text, NULL);
}

// VALUE to a multiple of ten, to the power of -DIGITS. With one digit more for what is behind the
// point, a tie is a tie.
static double round_whole(double value, int digits) {
    double whole = trunc(value);
    mp_obj_t ten = MP_OBJ_NEW_SMALL_INT(10);
    mp_obj_t scaled = mp_binary_op(MP_BINARY_OP_MULTIPLY, mp_obj_new_int_from_float(whole), ten);
    int rest = (value > whole) - (value < whole);
    mp_obj_t args[] = {mp_binary_op(MP_BINARY_OP_ADD, scaled, MP_OBJ_NEW_SMALL_INT(rest)),
                       MP_OBJ_NEW_SMALL_INT(digits - 1)};
    mp_obj_t rounded = mp_builtin_round_upstream(MP_ARRAY_SIZE(args), args);

    return copysign(mp_obj_get_float(mp_binary_op(MP_BINARY_OP_FLOOR_DIVIDE, rounded, ten)), value);
}

mp_obj_t mp_builtin_round(size_t n_args, const mp_obj_t *args) {
    double value = 0;
    double rounded = 0;
    mp_int_t digits = 0;

    if (n_args == 1 || args[1] == mp_const_none || mp_obj_get_type(args[0]) != &mp_type_float) {
        return mp_builtin_round_upstream(args[n_args - 1] == mp_const_none ? 1 : n_args, args);
    }
    value = mp_obj_float_get(args[0]);
    digits = mp_obj_get_int(args[1]);
    if (!isfinite(value) || digits > DIGITS_MAX) {
        return args[0];
    }
    if (digits >= 0) {
        rounded = round_fraction(value, (int)digits);
    } else {
        rounded = digits < DIGITS_MIN ? copysign(0, value) : round_whole(value, (int)digits);
    }
    if (isinf(rounded)) {
        mp_raise_msg(&mp_type_OverflowError, MP_ERROR_TEXT("rounded value too large to represent"));
    }
    return mp_obj_new_float(rounded);
}

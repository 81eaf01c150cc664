// SPDX-License-Identifier: MIT

// Integers of any size to floats, and their quotients, rounded once. Upstream's mpz_as_float(),
// whose place the one here takes, rounds at each digit.

#include <math.h>
#include <stdint.h>

#include "py/mpconfig.h"

#include "py/mpz.h"
#include "py/runtime.h"

#include "vm/number-divide.h"

#undef mp_obj_new_float

#define DIGIT_BITS ((size_t)MPZ_DIG_SIZE)
#define WINDOW_BITS 64u
#define QUOTIENT_BITS 66     /* more than a double has, whatever the last one stands for */
#define SHIFT_MAX 1076       /* two bits below the smallest double */
#define EXACT_MAX (1L << 53) /* integers up to here are doubles */

static mp_int_t count_bits(const mpz_t *integer) {
    if (integer->len == 0) {
        return 0;
    }
    return (mp_int_t)(integer->len * DIGIT_BITS) - __builtin_clz(integer->dig[integer->len - 1]);
}

// The double nearest to INTEGER, of two the even one; infinite where there is none.
mp_float_t mpz_as_float(const mpz_t *integer) {
    uint64_t window = 0; // its highest bits; the lowest of these stands for all below, too
    size_t shift = 0;    // how many that are
    double value = 0;

    shift = (size_t)count_bits(integer);
    shift = shift > WINDOW_BITS ? shift - WINDOW_BITS : 0;
    for (size_t i = 0; i < integer->len; i++) {
        uint64_t digit = integer->dig[i];
        size_t place = i * DIGIT_BITS;

        if (place >= shift) {
            window |= digit << (place - shift);
        } else if (place + DIGIT_BITS <= shift) {
            window |= digit != 0;
        } else {
            window |= digit >> (shift - place);
            window |= (digit & ((UINT64_C(1) << (shift - place)) - 1)) != 0;
        }
    }
    value = ldexp((double)window, shift > INT32_MAX ? INT32_MAX : (int)shift);
    return integer->neg != 0 ? -value : value;
}

static int sign(const mpz_t *integer) {
    return mpz_is_neg(integer) ? -1 : 1;
}

// A quotient with more bits than a double, the lowest of which stands for the remainder, too.
mp_obj_t number_divide(const mpz_t *left, const mpz_t *right) {
    mp_int_t shift = QUOTIENT_BITS - (count_bits(left) - count_bits(right));
    mpz_t dividend, divisor, quotient, remainder;
    double value = 0;

    shift = shift < SHIFT_MAX ? shift : SHIFT_MAX;
    mpz_init_zero(&dividend);
    mpz_init_zero(&divisor);
    mpz_init_zero(&quotient);
    mpz_init_zero(&remainder);
    mpz_abs_inpl(&dividend, left);
    mpz_abs_inpl(&divisor, right);
    if (shift >= 0) {
        mpz_shl_inpl(&dividend, &dividend, (mp_uint_t)shift);
    } else {
        mpz_shl_inpl(&divisor, &divisor, (mp_uint_t)-shift);
    }
    mpz_divmod_inpl(&quotient, &remainder, &dividend, &divisor);
    if (!mpz_is_zero(&remainder) && !mpz_is_zero(&quotient)) {
        quotient.dig[0] |= 1;
    }
    value = ldexp(mpz_as_float(&quotient), (int)(shift < -INT16_MAX ? INT16_MAX : -shift));
    mpz_deinit(&dividend);
    mpz_deinit(&divisor);
    mpz_deinit(&quotient);
    mpz_deinit(&remainder);
    if (isinf(value)) {
        mp_raise_msg(&mp_type_OverflowError,
                     MP_ERROR_TEXT("integer division result too large for a float"));
    }
    return mp_obj_new_float(sign(left) == sign(right) ? value : -value);
}

mp_obj_t number_divide_small(mp_int_t left, mp_int_t right) {
    mpz_dig_t dividend_digits[MPZ_NUM_DIG_FOR_INT];
    mpz_dig_t divisor_digits[MPZ_NUM_DIG_FOR_INT];
    mpz_t dividend, divisor;

    if (left >= -EXACT_MAX && left <= EXACT_MAX && right >= -EXACT_MAX && right <= EXACT_MAX) {
        return mp_obj_new_float((double)left / (double)right);
    }
    mpz_init_fixed_from_int(&dividend, dividend_digits, MPZ_NUM_DIG_FOR_INT, left);
    mpz_init_fixed_from_int(&divisor, divisor_digits, MPZ_NUM_DIG_FOR_INT, right);
    return number_divide(&dividend, &divisor);
}

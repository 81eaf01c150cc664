// SPDX-License-Identifier: MIT

// Integers of any size to floats. Upstream's mpz_as_float() rounds at each of their digits; this
// one, which takes its place, rounds once.

#include <math.h>
#include <stdint.h>

#include "py/mpconfig.h"

#include "py/mpz.h"

#define DIGIT_BITS ((size_t)MPZ_DIG_SIZE)
#define WINDOW_BITS 64u

// The double nearest to INTEGER, of two the even one; infinite where there is none.
mp_float_t mpz_as_float(const mpz_t *integer) {
    uint64_t window = 0; // its highest bits; the lowest of these stands for all below, too
    size_t shift = 0;    // how many that are
    double value = 0;

    if (integer->len == 0) {
        return 0;
    }
    shift = integer->len * DIGIT_BITS - (size_t)__builtin_clz(integer->dig[integer->len - 1]);
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

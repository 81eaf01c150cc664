// SPDX-License-Identifier: MIT
#include "vm/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "py/cstack.h"
#include "py/formatfloat.h"
#include "py/runtime.h"

#define REPR_DIGITS 17          /* always enough to tell doubles apart */
#define REPR_EXPONENT_MAX 16    /* from here on with an exponent */
#define FIXED_EXPONENT_MIN (-4) /* below with an exponent */
#define LIBC_STACK 12288        /* printf() and strtod() have up to 9 KiB of digits on it */

void number_check_stack(void) {
    mp_uint_t limit = MP_STATE_THREAD(stack_limit);

    if (mp_cstack_usage() + LIBC_STACK > limit + MICROPY_STACK_CHECK_MARGIN) {
        mp_raise_recursion_depth();
    }
}

static int format_as_c(char *buffer, size_t size, double value, char type, int precision,
                       bool alternate) {
    switch (type) {
    case 'e':
        return snprintf(buffer, size, alternate ? "%#.*e" : "%.*e", precision, value);
    case 'f':
        return snprintf(buffer, size, alternate ? "%#.*f" : "%.*f", precision, value);
    default:
        return snprintf(buffer, size, alternate ? "%#.*g" : "%.*g", precision, value);
    }
}

// TEXT is "d.dde-xx": adds one to its last digit. True unless that would change the exponent.
static bool increment(char *text) {
    char *digit = text + strcspn(text, "e");

    while (digit-- > text) {
        if (*digit == '.') {
            continue;
        }
        if (*digit != '9') {
            (*digit)++;
            return true;
        }
        *digit = '0';
    }
    return false;
}

// The shortest text of the form "d.dde-xx" that reads back as VALUE, positive, and of those the one
// nearest to it. Where several digits give VALUE, the nearest decimal of that many does too; but
// not at a power of two, whose neighbour below is nearer: there the next decimal above may do it.
static void shortest(char *buffer, size_t size, double value) {
    int exponent = 0;
    bool power_of_two = frexp(value, &exponent) == 0.5;
    char above[32];

    // Up to 15 digits make no difference, but for the smallest numbers, which have fewer.
    for (int n_digits = value < DBL_MIN ? 1 : DBL_DIG;; n_digits++) {
        (void)snprintf(buffer, size, "%.*e", n_digits - 1, value);
        if (n_digits == REPR_DIGITS || strtod(buffer, NULL) == value) {
            return;
        }
        if (power_of_two) {
            (void)snprintf(above, sizeof(above), "%s", buffer);
            if (increment(above) && strtod(above, NULL) == value) {
                memcpy(buffer, above, strlen(above) + 1);
                return;
            }
        }
    }
}

// Turns TEXT, "d.dde-xx", into what Python writes: without an exponent from FIXED_EXPONENT_MIN to
// below EXPONENT_MAX, with at least one digit behind the point there. KEEP_ZEROS: those at the end.
// Returns the length. There must be room for the zeros this adds, up to 20.
static int lay_out(char *text, int exponent_max, bool keep_zeros) {
    char *mark = text + strcspn(text, "e");
    int exponent = (int)strtol(mark + 1, NULL, 10);
    char *end = mark;
    int n_digits = 0;

    while (!keep_zeros && end > text + 1 && (end[-1] == '0' || end[-1] == '.')) {
        end--;
    }
    if (exponent < FIXED_EXPONENT_MIN || exponent >= exponent_max) {
        memmove(end, mark, strlen(mark) + 1);
        return (int)strlen(text);
    }
    if (end > text + 1) {
        memmove(text + 1, text + 2, (size_t)(end - text - 2)); // takes the point out
        end--;
    }
    n_digits = (int)(end - text);
    if (exponent < 0) {
        memmove(text - exponent, text, (size_t)n_digits);
        memset(text, '0', (size_t)-exponent);
        n_digits -= exponent;
        exponent = 0;
    }
    while (n_digits < exponent + 2) {
        text[n_digits++] = '0';
    }
    memmove(text + exponent + 2, text + exponent + 1, (size_t)(n_digits - exponent - 1));
    text[exponent + 1] = '.';
    text[n_digits + 1] = '\0';
    return n_digits + 1;
}

// As number_format(), of what is finite and not negative, with TYPE in small letters.
static int format_magnitude(char *buffer, size_t size, double value, char type, int precision,
                            bool alternate) {
    if (type == NUMBER_REPR || (type == NUMBER_UNTYPED && precision < 0)) {
        if (value == 0) {
            return snprintf(buffer, size, "0.0");
        }
        shortest(buffer, size, value);
        return lay_out(buffer, REPR_EXPONENT_MAX, false);
    }
    if (precision < 0) {
        precision = 6;
    }
    if (type == NUMBER_UNTYPED) {
        precision = precision == 0 ? 1 : precision;
        if (snprintf(buffer, size, "%.*e", precision - 1, value) + 20 >= (int)size) {
            return (int)size;
        }
        return lay_out(buffer, precision - 1, alternate);
    }
    return format_as_c(buffer, size, value, type, precision, alternate);
}

int number_format(char *buffer, size_t size, double value, char type, int precision,
                  bool alternate) {
    bool upper = type >= 'A' && type <= 'Z';
    int sign = 0;
    int length = 0;

    number_check_stack();
    if (signbit(value) && !isnan(value)) {
        buffer[0] = '-';
        sign = 1;
    }
    if (isnan(value) || isinf(value)) {
        length = snprintf(buffer + sign, size - (size_t)sign, isnan(value) ? "nan" : "inf");
    } else {
        length = format_magnitude(buffer + sign, size - (size_t)sign, fabs(value),
                                  (char)(upper ? type | 0x20 : type), precision, alternate);
    }
    for (char *c = buffer; upper && *c != '\0'; c++) {
        *c = (char)(*c >= 'a' && *c <= 'z' ? *c & ~0x20 : *c);
    }
    return sign + length;
}

// What objfloat.c and objcomplex.c print floats with: repr() without the ".0" of whole numbers,
// which the first adds and the second must not have. Arguments as of upstream's mp_format_float().
int number_format_repr(double value, char *buffer, size_t size, char type, int precision,
                       char sign);
int number_format_repr(double value, char *buffer, size_t size, char type, int precision,
                       char sign) {
    int length = number_format(buffer, size, value, NUMBER_REPR, precision, false);

    (void)type;
    (void)sign;
    if (length > 2 && strcmp(buffer + length - 2, ".0") == 0) {
        length -= 2;
        buffer[length] = '\0';
    }
    return length;
}

// Takes the place of upstream's, for printf() of its C code: SIGN in front of what has no minus.
int mp_format_float(mp_float_t value, char *buffer, size_t size, char type, int precision,
                    char sign) {
    int start = sign != '\0' && !signbit(value) ? 1 : 0;
    int length = number_format(buffer + start, size - (size_t)start, value, type, precision, false);

    if (start == 1) {
        buffer[0] = sign;
    }
    return (size_t)start + (size_t)length < size ? start + length : (int)size - 1;
}

// SPDX-License-Identifier: MIT

// The floats of "%" and str.format(), with any precision and width. Takes the place of upstream's
// mp_print_float(), which has 32 bytes for a number.

#include <math.h>
#include <string.h>

#include "py/mpconfig.h"

#include "py/misc.h"
#include "py/mpprint.h"
#include "py/runtime.h"

#include "vm/number-spec.h"
#include "vm/number.h"

#define SHORT_TEXT 400 /* longer ones go through the heap */

int number_spec_flags(const vstr_t *spec) {
    char last = '\0';

    if (spec->len > 0) {
        last = spec->buf[spec->len - 1];
    }
    return unichar_isalpha((unsigned char)last) || last == '%' ? 0 : NUMBER_FLAG_UNTYPED;
}

// The bytes of DIGITS digits with a comma after every third from the right.
static size_t grouped_size(size_t digits) {
    return digits + (digits - 1) / 3;
}

// Groups the digits before the point of TEXT, LENGTH bytes, of which a sign is not part; fills them
// up with zeros to at least WIDTH in all. There must be room. Returns the new length.
static size_t group_digits(char *text, size_t length, size_t width) {
    size_t digits = strspn(text, "0123456789");
    size_t rest = length - digits;
    size_t padded = digits;
    size_t size = 0;

    if (digits == 0) {
        return length; // inf, nan
    }
    while (grouped_size(padded) + rest < width) {
        padded++;
    }
    size = grouped_size(padded);
    memmove(text + size, text + digits, rest + 1);
    for (size_t i = 0; i < padded; i++) {
        // From the right, where nothing is overwritten that is still to be read.
        text[size - 1 - i - i / 3] = (char)(i < digits ? text[digits - 1 - i] : '0');
        if (i > 0 && i % 3 == 0) {
            text[size - i - i / 3] = ',';
        }
    }
    return size + rest;
}

// Prints SIGN and TEXT, LENGTH bytes, FILLed up to WIDTH as FLAGS say. Returns how many.
static int print_text(const mp_print_t *print, char *text, size_t length, int flags, char fill,
                      int width) {
    int printed = 0;

    if ((flags & PF_FLAG_PAD_AFTER_SIGN) != 0 && strchr("+- ", text[0]) != NULL) {
        printed = mp_print_strn(print, text, 1, 0, 0, 1);
        return printed + mp_print_strn(print, text + 1, length - 1, flags, fill, width - 1);
    }
    return mp_print_strn(print, text, length, flags, fill, width);
}

// Writes VALUE as FLAGS, FILL, WIDTH and PRECISION say to TEXT of SIZE bytes, but for the padding.
// Returns the length.
static size_t format_value(char *text, size_t size, double value, char type, int flags, char fill,
                           int width, int precision) {
    size_t sign = 0;
    size_t length = 0;

    if ((flags & (PF_FLAG_SHOW_SIGN | PF_FLAG_SPACE_SIGN)) != 0 &&
        (isnan(value) || !signbit(value))) {
        text[sign++] = (flags & PF_FLAG_SHOW_SIGN) != 0 ? '+' : ' ';
    }
    length = (size_t)number_format(text + sign, size - sign, value, type, precision,
                                   (flags & PF_FLAG_SHOW_PREFIX) != 0);
    length += sign;
    if (text[0] == '-') {
        sign = 1;
    }
    if ((flags & PF_FLAG_SHOW_COMMA) != 0) {
        bool zeros = fill == '0' && (flags & PF_FLAG_PAD_AFTER_SIGN) != 0;
        size_t wanted = zeros && width > (int)sign ? (size_t)width - sign : 0;

        length = sign + group_digits(text + sign, length - sign, wanted);
    }
    if ((flags & PF_FLAG_ADD_PERCENT) != 0) {
        text[length++] = '%';
    }
    return length;
}

// Prints VALUE by the type letter TYPE, or as if there were none (NUMBER_FLAG_UNTYPED). Returns how
// many bytes it printed.
int mp_print_float(const mp_print_t *print, mp_float_t value, char type, int flags, char fill,
                   int width, int precision) {
    char short_text[SHORT_TEXT];
    char *text = short_text;
    size_t size = NUMBER_SIZE + 20;
    size_t length = 0;
    int printed = 0;

    if ((flags & NUMBER_FLAG_UNTYPED) != 0 && (flags & PF_FLAG_ADD_PERCENT) == 0) {
        type = NUMBER_UNTYPED;
    }
    if ((flags & PF_FLAG_LEFT_ADJUST) != 0 && (flags & PF_FLAG_PAD_AFTER_SIGN) != 0) {
        flags &= ~PF_FLAG_PAD_AFTER_SIGN; // "%-08f": on the left, and so with spaces
        fill = ' ';
    }
    size += (flags & PF_FLAG_SHOW_COMMA) != 0 ? 110 : 0;
    size += (flags & PF_FLAG_SHOW_COMMA) != 0 && width > 0 ? (size_t)width + 1 : 0;
    size += precision > 0 ? (size_t)precision : 6;
    if (size > sizeof(short_text)) {
        text = m_new(char, size);
    }
    length = format_value(text, size, value, type, flags, fill, width, precision);
    printed = print_text(print, text, length, flags, fill, width);
    if (text != short_text) {
        m_del(char, text, size);
    }
    return printed;
}

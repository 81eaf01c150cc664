// SPDX-License-Identifier: MIT

// Text to floats. Takes the place of upstream's mp_parse_num_decimal(), with CPython's grammar:
// underscores between digits only.

#include <math.h>
#include <stdlib.h>

#include "py/mpconfig.h"

#include "py/lexer.h"
#include "py/misc.h"
#include "py/obj.h"
#include "py/parsenum.h"
#include "py/runtime.h"

#include "vm/number.h"

#define SHORT_TEXT 64 /* longer ones go through the heap */

static bool is_digit(const char *text, const char *end) {
    return text < end && *text >= '0' && *text <= '9';
}

// Appends the digits that TEXT begins with to *RET_OUT. Returns the first character behind them.
static const char *copy_digits(const char *text, const char *end, char **ret_out) {
    while (is_digit(text, end)) {
        *(*ret_out)++ = *text++;
        if (text < end && *text == '_' && is_digit(text + 1, end)) {
            text++;
        }
    }
    return text;
}

// Writes the number that TEXT begins with to OUT, as strtod() reads it. Returns the first character
// behind it: TEXT where there is no number.
static const char *copy_number(const char *text, const char *end, char *out) {
    const char *start = text;
    char *first = out;

    text = copy_digits(text, end, &out);
    if (text < end && *text == '.') {
        bool bare = out == first;

        *out++ = *text++;
        text = copy_digits(text, end, &out);
        if (bare && out == first + 1) {
            return start;
        }
    }
    if (out == first) {
        return start;
    }
    if (text < end && (*text | 0x20) == 'e') {
        const char *exponent = text + 1;
        char *mark = out;

        *out++ = 'e';
        if (exponent < end && (*exponent == '+' || *exponent == '-')) {
            *out++ = *exponent++;
        }
        if (is_digit(exponent, end)) {
            text = copy_digits(exponent, end, &out);
        } else {
            out = mark;
        }
    }
    *out = '\0';
    return text;
}

// The length of WORD if TEXT begins with it, in letters of any size; else 0.
static size_t match(const char *text, const char *end, const char *word) {
    size_t n = 0;

    while (word[n] != '\0') {
        if (text + n >= end || (text[n] | 0x20) != word[n]) {
            return 0;
        }
        n++;
    }
    return n;
}

// Reads the magnitude that TEXT begins with: a number, inf, infinity or nan. Returns the first
// character behind it: TEXT where there is none.
static const char *parse_magnitude(const char *text, const char *end, double *ret_value) {
    size_t size = (size_t)(end - text) + 1;
    char short_copy[SHORT_TEXT];
    char *copy = short_copy;
    const char *next = NULL;
    size_t n = 0;

    if ((n = match(text, end, "infinity")) != 0 || (n = match(text, end, "inf")) != 0) {
        *ret_value = (double)INFINITY;
        return text + n;
    }
    if ((n = match(text, end, "nan")) != 0) {
        *ret_value = (double)NAN;
        return text + n;
    }
    number_check_stack();
    if (size > sizeof(short_copy)) {
        copy = m_new(char, size);
    }
    next = copy_number(text, end, copy);
    if (next != text) {
        *ret_value = strtod(copy, NULL);
    }
    if (copy != short_copy) {
        m_del(char, copy, size);
    }
    return next;
}

struct term {
    double value;
    bool imaginary;
};

// Reads a sign, a magnitude and a j. Returns the first character behind: TEXT where that is no
// term.
static const char *parse_term(const char *text, const char *end, struct term *ret_term) {
    const char *start = text;
    bool negative = text < end && *text == '-';
    const char *magnitude = NULL;
    struct term term = {0};

    if (text < end && (*text == '-' || *text == '+')) {
        text++;
    }
    magnitude = text;
    text = parse_magnitude(text, end, &term.value);
    term.imaginary = text < end && (*text | 0x20) == 'j';
    if (text == magnitude) {
        if (!term.imaginary) {
            return start;
        }
        term.value = 1; // "j" alone
    }
    if (negative) {
        term.value = -term.value;
    }
    *ret_term = term;
    return term.imaginary ? text + 1 : text;
}

static NORETURN void raise_invalid(mp_lexer_t *lexer) {
    mp_obj_t error =
        mp_obj_new_exception_msg(lexer != NULL ? &mp_type_SyntaxError : &mp_type_ValueError,
                                 MP_ERROR_TEXT("invalid syntax for number"));

    if (lexer != NULL) {
        mp_obj_exception_add_traceback(error, lexer->source_name, lexer->tok_line, MP_QSTRnull);
    }
    nlr_raise(error);
}

static const char *skip_space(const char *text, const char *end) {
    while (text < end && unichar_isspace((unsigned char)*text)) {
        text++;
    }
    return text;
}

// The object that TEXT of LENGTH bytes is: a float, or with ALLOW_IMAGINARY and a j, or if it is to
// be COMPLEX, a complex. Raises ValueError, or SyntaxError at the place of LEXER if there is one.
mp_obj_t mp_parse_num_decimal(const char *text, size_t length, bool allow_imaginary, bool complex,
                              mp_lexer_t *lexer) {
    const char *end = text + length;
    struct term term = {0};
    double real = 0;
    const char *next = NULL;

    text = skip_space(text, end);
    next = parse_term(text, end, &term);
    if (complex && !term.imaginary && next != text && next < end &&
        (*next == '+' || *next == '-')) {
        real = term.value;
        text = next;
        next = parse_term(text, end, &term);
        if (!term.imaginary) {
            raise_invalid(lexer);
        }
    }
    if (next == text || skip_space(next, end) != end || (term.imaginary && !allow_imaginary)) {
        raise_invalid(lexer);
    }
    if (term.imaginary) {
        return mp_obj_new_complex(real, term.value);
    }
    return complex ? mp_obj_new_complex(term.value, 0) : mp_obj_new_float(term.value);
}

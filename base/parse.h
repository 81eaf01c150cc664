// SPDX-License-Identifier: MIT
#pragma once

// Strict parsing of text that a person wrote: all of the text or nothing, no sign or space
// swallowed, no overflow. Each returns 0, -EINVAL for text that is not of the form, or -ERANGE for
// a number outside MIN..MAX; *ret is then untouched.

#include <stdbool.h>
#include <stdint.h>

// Decimal digits only.
int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);

// The hexadecimal digits that TEXT begins with; *ret_end is what follows them, also of -ERANGE.
int parse_hexadecimal(const char *text, uint64_t *ret_value, const char **ret_end);

// A number of bytes: digits and an optional suffix K, M or G (powers of 1024).
int parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret_bytes);

// A time span: digits and a unit us, ms, s, min or h; a bare number is seconds.
int parse_usec(const char *text, uint64_t min, uint64_t max, uint64_t *ret_usec);

// yes/no, true/false, on/off, 1/0.
int parse_bool(const char *text, bool *ret_value);

// [a-z][a-z0-9-]{0,25}, and none of our programs' (mpyd, mpyctl, mpyfreeze, mpyd-*): the name of an
// app, safe in the log, unit names, paths and process titles.
bool parse_is_app_name(const char *text);

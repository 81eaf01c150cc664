// SPDX-License-Identifier: MIT
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Length of the sequence of well-formed UTF-8 that TEXT of SIZE bytes begins with, and what it
// stands for; 0: with none, or with NUL.
size_t utf8_decode(const uint8_t *text, size_t size, uint32_t *ret_point);

// Whether TEXT is well-formed UTF-8 as of RFC 3629 (nothing overlong, no surrogates, nothing above
// U+10FFFF) without a NUL inside.
bool utf8_is_text(const uint8_t *text, size_t size);

// Whether a terminal or a reader could be deceived by POINT: control characters but a tab, changes
// of direction, line separators, what has no width.
bool utf8_is_unsafe(uint32_t point);

// Whether TEXT is well-formed UTF-8, on one line, of which nothing is unsafe.
bool utf8_is_harmless(const char *text, size_t size);

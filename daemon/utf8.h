// SPDX-License-Identifier: MIT
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Whether TEXT is well-formed UTF-8 as of RFC 3629 (nothing overlong, no surrogates, nothing above
// U+10FFFF) without a NUL inside.
bool utf8_is_text(const uint8_t *text, size_t size);

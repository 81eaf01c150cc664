// SPDX-License-Identifier: MIT
#pragma once

// The one line that says why something foreign was refused. What it quotes may be hostile, so
// anything that is not printable ASCII is shown as '?': no terminal escape, no second line.

#include <stddef.h>

// Writes the reason into the SIZE bytes at WHY, cut short where it does not fit. Returns 1, the
// "refused" of the callers, so that a check reads: return why_refuse(...).
int why_refuse(char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// SPDX-License-Identifier: MIT
#pragma once

// The one line that says why something foreign was refused. What it quotes may be hostile, so
// anything that is not printable ASCII is shown as '?': no terminal escape, no second line.

#include <stddef.h>

// Writes the reason into the SIZE bytes at WHY, cut short where it does not fit.
void why_write(char *why, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// As why_write(), and is 1, the "refused" of the callers: return why_refuse(...). A macro, so that
// analyzers see that it is never 0.
#define why_refuse(...) (why_write(__VA_ARGS__), 1)

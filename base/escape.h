// SPDX-License-Identifier: MIT
#pragma once

#include <stddef.h>

// Copies the first line of TEXT (UTF-8) to LINE of SIZE bytes, what a terminal or a reader could
// take for something else in an escaped form: control characters, line separators, changes of
// direction. Returns the start of the next line, or NULL if that was the last.
const char *escape_line(const char *text, char *line, size_t size);

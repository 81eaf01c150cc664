// SPDX-License-Identifier: MIT
#include "image/why.h"

#include <stdarg.h>
#include <stdio.h>

void why_write(char *why, size_t size, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(why, size, format, arguments);
    va_end(arguments);
    for (char *p = why; *p; p++) {
        if (*p < ' ' || *p > '~') {
            *p = '?';
        }
    }
}

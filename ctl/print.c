// SPDX-License-Identifier: MIT
#include "ctl/print.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"

#define LINE_SIZE 4096

void print_line(const char *format, ...) {
    char text[LINE_SIZE], line[LINE_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    (void)escape_line(text, line, sizeof(line));
    (void)puts(line);
}

void print_text(const char *text) {
    char line[LINE_SIZE];

    if (!isatty(STDOUT_FILENO)) {
        size_t size = strlen(text);

        (void)fputs(text, stdout);
        (void)fputs(size > 0 && text[size - 1] == '\n' ? "" : "\n", stdout);
        return;
    }
    while (text) {
        text = escape_line(text, line, sizeof(line));
        (void)puts(line);
    }
}

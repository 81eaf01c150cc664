// SPDX-License-Identifier: MIT
#include "ctl/print.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "ctl/exit.h"

#define LINE_SIZE 4096

void print_list(FILE *stream, const char *format, va_list arguments) {
    char text[LINE_SIZE], line[LINE_SIZE];

    (void)vsnprintf(text, sizeof(text), format, arguments);
    (void)escape_line(text, line, sizeof(line));
    (void)fprintf(stream, "%s\n", line);
}

void print_line(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    print_list(stdout, format, arguments);
    va_end(arguments);
}

void print_line_to(FILE *stream, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    print_list(stream, format, arguments);
    va_end(arguments);
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

void print_json(struct json_object *object) {
    const char *text = json_object_to_json_string_ext(
        object, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE);

    if (!text) {
        (void)log_errno(ENOMEM, "cannot make JSON");
        exit(CTL_INTERNAL);
    }
    print_text(text);
    (void)json_object_put(object);
}

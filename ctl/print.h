// SPDX-License-Identifier: MIT
#pragma once

// What others have written, to standard output.

#include <stdarg.h>
#include <stdio.h>

struct json_object;

// Prints a line, what a terminal could take for something else in an escaped form; of more than one
// line, the first.
void print_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

// The same, to STREAM, and for a function like these.
void print_line_to(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_list(FILE *stream, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

// Prints TEXT, line by line: to a terminal as print_line(), elsewhere as it is.
void print_text(const char *text);

// Writes OBJECT to standard output, a member a line, and puts it.
void print_json(struct json_object *object);

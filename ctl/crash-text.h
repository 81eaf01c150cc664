// SPDX-License-Identifier: MIT
#pragma once

// A crash report for people.

#include <stdbool.h>
#include <stdio.h>

struct json_object;

// Writes REPORT to STREAM, what a terminal could obey in an escaped form; with colours if IS_COLOUR
// and standard output has them.
void crash_text_write(FILE *stream, struct json_object *report, bool is_colour);

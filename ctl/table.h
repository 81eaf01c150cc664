// SPDX-License-Identifier: MIT
#pragma once

// A table for people: columns as wide as what is in them, two spaces between. Nothing in it reaches
// a terminal as anything but text.

#include <stddef.h>

#include "ctl/colour.h"

#define TABLE_COLUMNS_MAX 10u

struct table;

// One with N_COLUMNS, called HEADINGS. A heading that begins with > is of numbers, which stand to
// the right. Freed by table_free(). Ends the program where there is no memory.
struct table *table_new(const char *const *headings, size_t n_columns);
void table_free(struct table **table);

// The next cell, from left to right, line by line. A copy of TEXT is kept.
void table_cell(struct table *table, enum colour colour, const char *text);
void table_cell_format(struct table *table, enum colour colour, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Prints it, with its headings.
void table_print(const struct table *table);

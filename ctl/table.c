// SPDX-License-Identifier: MIT
#include "ctl/table.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/log.h"
#include "base/utf8.h"
#include "ctl/verb.h"

#define CELL_SIZE 1024

struct cell {
    char *text;
    enum colour colour;
};

struct table {
    const char *const *headings;
    size_t n_columns;
    struct cell *cells;
    size_t n_cells;
};

static void *checked(void *memory) {
    if (!memory) {
        (void)log_errno(ENOMEM, "cannot make a table");
        exit(CTL_INTERNAL);
    }
    return memory;
}

struct table *table_new(const char *const *headings, size_t n_columns) {
    struct table *table = checked(calloc(1, sizeof(*table)));

    assert(n_columns > 0 && n_columns <= TABLE_COLUMNS_MAX);
    table->headings = headings;
    table->n_columns = n_columns;
    return table;
}

void table_free(struct table **table) {
    if (*table) {
        for (size_t i = 0; i < (*table)->n_cells; i++) {
            free((*table)->cells[i].text);
        }
        free((*table)->cells);
        free(*table);
        *table = NULL;
    }
}

void table_cell(struct table *table, enum colour colour, const char *text) {
    char line[CELL_SIZE];

    (void)escape_line(text, line, sizeof(line));
    table->cells = checked(reallocarray(table->cells, table->n_cells + 1, sizeof(*table->cells)));
    table->cells[table->n_cells++] = (struct cell){checked(strdup(line)), colour};
}

void table_cell_format(struct table *table, enum colour colour, const char *format, ...) {
    char text[CELL_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    table_cell(table, colour, text);
}

// Places that TEXT takes on a terminal; each character of the languages we care for takes one.
static size_t width_of(const char *text) {
    size_t width = 0, left = strlen(text);

    while (left > 0) {
        uint32_t point;
        size_t n = utf8_decode((const uint8_t *)text, left, &point);

        n = n ? n : 1;
        text += n;
        left -= n;
        width++;
    }
    return width;
}

static bool is_number(const struct table *table, size_t column) {
    return table->headings[column][0] == '>';
}

static void find_widths(const struct table *table, size_t widths[TABLE_COLUMNS_MAX]) {
    assert(table->n_columns > 0);
    for (size_t i = 0; i < table->n_columns; i++) {
        widths[i] = strlen(table->headings[i]) - is_number(table, i);
    }
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t width = width_of(table->cells[i].text), column = i % table->n_columns;

        widths[column] = width > widths[column] ? width : widths[column];
    }
}

// TEXT in its column; the last one is not filled up.
static void print_cell(const struct table *table, size_t column, size_t width, const char *text,
                       enum colour colour) {
    bool is_last = column + 1 == table->n_columns;
    size_t own = width_of(text), fill = width > own ? width - own : 0;

    if (is_last && own == 0) {
        (void)putchar('\n');
        return;
    }
    if (is_number(table, column)) {
        printf("%*s%s%s%s", (int)fill, "", colour_start(colour), text, colour_end());
    } else {
        printf("%s%s%s%*s", colour_start(colour), text, colour_end(), is_last ? 0 : (int)fill, "");
    }
    (void)fputs(is_last ? "\n" : "  ", stdout);
}

void table_print(const struct table *table) {
    size_t widths[TABLE_COLUMNS_MAX];

    find_widths(table, widths);
    for (size_t i = 0; i < table->n_columns; i++) {
        print_cell(table, i, widths[i], table->headings[i] + is_number(table, i), COLOUR_BOLD);
    }
    for (size_t line = 0; line + table->n_columns <= table->n_cells; line += table->n_columns) {
        for (size_t i = 0; i < table->n_columns; i++) {
            const struct cell *cell = &table->cells[line + i];

            print_cell(table, i, widths[i], cell->text, cell->colour);
        }
    }
}

// SPDX-License-Identifier: MIT
#include "ctl/tally.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/table.h"
#include "ctl/verb.h"

#define NAME_SIZE 64
#define ROWS_MAX 1024 /* there are fewer calls */

struct row {
    char name[NAME_SIZE];
    uint64_t n_calls, n_failed, nsec, longest_nsec;
};

struct tally {
    struct row rows[ROWS_MAX];
    size_t n_rows;
};

struct tally *tally_new(void) {
    struct tally *tally = calloc(1, sizeof(*tally));

    if (!tally) {
        (void)log_errno(ENOMEM, "cannot count calls");
        exit(CTL_INTERNAL);
    }
    return tally;
}

void tally_free(struct tally **tally) {
    free(*tally);
    *tally = NULL;
}

static void add(struct row *row, const struct row *more) {
    row->n_calls += more->n_calls;
    row->n_failed += more->n_failed;
    row->nsec += more->nsec;
    row->longest_nsec =
        more->longest_nsec > row->longest_nsec ? more->longest_nsec : row->longest_nsec;
}

void tally_add(struct tally *tally, const char *name, uint64_t duration_nsec, bool is_failed) {
    struct row one = {"", 1, is_failed, duration_nsec, duration_nsec}, *row = tally->rows;
    size_t i = 0;

    (void)snprintf(one.name, sizeof(one.name), "%s", name);
    while (i < tally->n_rows && strcmp(row[i].name, one.name) != 0) {
        i++;
    }
    if (i < tally->n_rows) {
        add(&row[i], &one);
    } else if (tally->n_rows < ROWS_MAX) {
        row[tally->n_rows++] = one;
    }
}

static int compare(const void *a, const void *b) {
    const struct row *one = a, *other = b;

    if (one->nsec != other->nsec) {
        return one->nsec < other->nsec ? 1 : -1;
    }
    return strcmp(one->name, other->name);
}

static void print_row(struct table *table, const struct row *row, uint64_t all_nsec) {
    double share = all_nsec > 0 ? 100.0 * (double)row->nsec / (double)all_nsec : 0;

    table_cell_format(table, COLOUR_NONE, "%.2f", share);
    table_cell_format(table, COLOUR_NONE, "%.6f", (double)row->nsec / 1e9);
    table_cell_format(table, COLOUR_NONE, "%.1f",
                      row->n_calls > 0 ? (double)row->nsec / 1e3 / (double)row->n_calls : 0);
    table_cell_format(table, COLOUR_NONE, "%.1f", (double)row->longest_nsec / 1e3);
    table_cell_format(table, COLOUR_NONE, "%" PRIu64, row->n_calls);
    table_cell_format(table, row->n_failed > 0 ? COLOUR_WARNING : COLOUR_NONE, "%" PRIu64,
                      row->n_failed);
    table_cell(table, COLOUR_NONE, row->name);
}

void tally_print(struct tally *tally) {
    static const char *const headings[] = {">% TIME", ">SECONDS", ">US/CALL", ">LONGEST",
                                           ">CALLS",  ">ERRORS",  "CALL"};
    CLEANUP(table_free)
    struct table *table = table_new(headings, sizeof(headings) / sizeof(headings[0]));
    struct row all = {"total", 0, 0, 0, 0};

    qsort(tally->rows, tally->n_rows, sizeof(tally->rows[0]), compare);
    for (size_t i = 0; i < tally->n_rows; i++) {
        add(&all, &tally->rows[i]);
    }
    for (size_t i = 0; i < tally->n_rows; i++) {
        print_row(table, &tally->rows[i], all.nsec);
    }
    print_row(table, &all, all.nsec);
    table_print(table);
}

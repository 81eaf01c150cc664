// SPDX-License-Identifier: MIT
#include "tests/bench/slices.h"

#include <stdlib.h>
#include <time.h>

// By the vDSO: a worker has no such system call.
int64_t slices_now_nsec(void) {
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static double time_slice(const struct slice_item *item) {
    int64_t start = slices_now_nsec();

    for (unsigned i = 0; i < item->n; i++) {
        item->once(item->context);
    }
    return (double)(slices_now_nsec() - start) / item->n;
}

void slices_measure(const struct slice_item *items, unsigned n_items, double *ret_medians) {
    static double times[SLICE_ITEMS_MAX][SLICES];

    for (unsigned slice = 0; slice < SLICES; slice++) {
        for (unsigned i = 0; i < n_items; i++) {
            times[i][slice] = time_slice(&items[i]);
        }
    }
    for (unsigned i = 0; i < n_items; i++) {
        qsort(times[i] + 1, SLICES - 1, sizeof(double), compare);
        ret_medians[i] = times[i][1 + (SLICES - 1) / 2];
    }
}

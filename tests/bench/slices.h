// SPDX-License-Identifier: MIT
#pragma once

// How every program here times something short: in slices of many repetitions, of which it takes
// the median. What interrupts a slice now and then does not count. Alternatives take turns.

#include <stdint.h>

#define SLICES 401 /* the first of each is warm-up */
#define SLICE_ITEMS_MAX 20

struct slice_item {
    void (*once)(void *context);
    void *context;
    unsigned n; /* repetitions in a slice */
};

int64_t slices_now_nsec(void);

// Runs slices of ITEMS in turn. MEDIANS gets the nanoseconds of one repetition of each.
void slices_measure(const struct slice_item *items, unsigned n_items, double *ret_medians);

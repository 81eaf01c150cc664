// SPDX-License-Identifier: MIT
#pragma once

// Whether regions of memory fit: none overlaps another, each is inside the one that it is in, and
// together they take no more than there is. Knows nothing of images (image/map.h does).

#include <stddef.h>
#include <stdint.h>

#define LAYOUT_ANYWHERE UINT64_MAX /* start: has a size, and no place yet */
#define LAYOUT_PROBLEM_SIZE 320    /* bytes of a problem in words, NUL included */

struct layout_region {
    const char *name;
    const char *within; /* the region that it is a part of, or NULL */
    uint64_t start;     /* address, or LAYOUT_ANYWHERE */
    uint64_t size;      /* bytes */
};

enum layout_kind {
    LAYOUT_TWICE,   /* two regions of one name */
    LAYOUT_NOWHERE, /* within a region that is not there, or in a circle */
    LAYOUT_ENDLESS, /* start and size go beyond 64 bits */
    LAYOUT_OUTSIDE, /* reaches out of the region that it is within */
    LAYOUT_OVERLAP,
    LAYOUT_TOO_MUCH, /* what is within it, placed or not, is larger than it */
};

struct layout_problem {
    enum layout_kind kind;
    const struct layout_region *region;
    const struct layout_region *other; /* TWICE, NOWHERE and OUTSIDE (the outer), OVERLAP */
    uint64_t size;                     /* bytes: outside, in both, too many */
};

// Looks for problems among the N_REGIONS at REGIONS, in the order of the kinds; where names or
// places are wrong in themselves, for no others. Returns how many there are; the first MAX of them
// are in PROBLEMS and refer to REGIONS.
size_t layout_check(const struct layout_region *regions, size_t n_regions,
                    struct layout_problem *problems, size_t max);

// Says a problem in one line, cut where TEXT ends.
void layout_describe(const struct layout_problem *problem, char text[LAYOUT_PROBLEM_SIZE]);

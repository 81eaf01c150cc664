// SPDX-License-Identifier: MIT
#include "image/layout.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// Where problems go.
struct finder {
    const struct layout_region *regions;
    size_t n_regions;
    struct layout_problem *problems;
    size_t max, n_problems;
};

static void found(struct finder *finder, enum layout_kind kind, const struct layout_region *region,
                  const struct layout_region *other, uint64_t size) {
    if (finder->n_problems < finder->max) {
        finder->problems[finder->n_problems] = (struct layout_problem){kind, region, other, size};
    }
    finder->n_problems++;
}

static const struct layout_region *find(const struct finder *finder, const char *name) {
    for (size_t i = 0; name && i < finder->n_regions; i++) {
        if (strcmp(finder->regions[i].name, name) == 0) {
            return &finder->regions[i];
        }
    }
    return NULL;
}

static bool is_placed(const struct layout_region *region) {
    return region->start != LAYOUT_ANYWHERE;
}

static void find_twice(struct finder *finder) {
    for (size_t i = 0; i < finder->n_regions; i++) {
        const struct layout_region *region = &finder->regions[i];
        const struct layout_region *first = find(finder, region->name);

        if (first != region) {
            found(finder, LAYOUT_TWICE, region, first, 0);
        }
    }
}

// Every way outwards has an end, and it is no longer than there are regions.
static void find_nowhere(struct finder *finder) {
    for (size_t i = 0; i < finder->n_regions; i++) {
        const struct layout_region *region = &finder->regions[i];
        size_t n_steps = 0;

        while (region->within && n_steps++ < finder->n_regions) {
            region = find(finder, region->within);
            if (!region) {
                break;
            }
        }
        if (!region || region->within) {
            region = &finder->regions[i];
            found(finder, LAYOUT_NOWHERE, region, find(finder, region->within), 0);
        }
    }
}

static void find_endless(struct finder *finder) {
    for (size_t i = 0; i < finder->n_regions; i++) {
        const struct layout_region *region = &finder->regions[i];

        if (is_placed(region) && region->size > UINT64_MAX - region->start) {
            found(finder, LAYOUT_ENDLESS, region, NULL, 0);
        }
    }
}

// Bytes of what both have, each with an end.
static uint64_t common(const struct layout_region *a, const struct layout_region *b) {
    uint64_t start = a->start > b->start ? a->start : b->start;
    uint64_t end_a = a->start + a->size, end_b = b->start + b->size;
    uint64_t end = end_a < end_b ? end_a : end_b;

    return start < end ? end - start : 0;
}

static void find_outside(struct finder *finder) {
    for (size_t i = 0; i < finder->n_regions; i++) {
        const struct layout_region *region = &finder->regions[i];
        const struct layout_region *outer = find(finder, region->within);

        if (outer && is_placed(outer) && is_placed(region) &&
            common(region, outer) < region->size) {
            found(finder, LAYOUT_OUTSIDE, region, outer, region->size - common(region, outer));
        }
    }
}

// Only among those within the same: two others cannot meet unless something reaches outside.
static void find_overlaps(struct finder *finder) {
    for (size_t i = 0; i < finder->n_regions; i++) {
        const struct layout_region *a = &finder->regions[i];

        for (size_t k = i + 1; k < finder->n_regions; k++) {
            const struct layout_region *b = &finder->regions[k];
            bool are_siblings =
                a->within && b->within ? strcmp(a->within, b->within) == 0 : a->within == b->within;

            if (are_siblings && is_placed(a) && is_placed(b) && common(a, b) > 0) {
                found(finder, LAYOUT_OVERLAP, a, b, common(a, b));
            }
        }
    }
}

static void find_too_much(struct finder *finder) {
    for (size_t i = 0; i < finder->n_regions; i++) {
        const struct layout_region *outer = &finder->regions[i];
        uint64_t total = 0;

        for (size_t k = 0; k < finder->n_regions; k++) {
            const struct layout_region *region = &finder->regions[k];

            if (region->within && strcmp(region->within, outer->name) == 0 &&
                __builtin_add_overflow(total, region->size, &total)) {
                total = UINT64_MAX;
                break;
            }
        }
        if (total > outer->size) {
            found(finder, LAYOUT_TOO_MUCH, outer, NULL, total - outer->size);
        }
    }
}

size_t layout_check(const struct layout_region *regions, size_t n_regions,
                    struct layout_problem *problems, size_t max) {
    struct finder finder = {regions, n_regions, problems, max, 0};

    find_twice(&finder);
    find_nowhere(&finder);
    find_endless(&finder);
    if (finder.n_problems == 0) {
        find_outside(&finder);
        find_overlaps(&finder);
        find_too_much(&finder);
    }
    return finder.n_problems;
}

// -- in words ------------------------------------------------------------------------------------

#define WORDS_SIZE 96

static const char *range(const struct layout_region *region, char words[WORDS_SIZE]) {
    (void)snprintf(words, WORDS_SIZE, "%.40s (%#" PRIx64 " to %#" PRIx64 ")", region->name,
                   region->start, region->start + region->size);
    return words;
}

// A round number of KiB is said as one, too.
static const char *amount(uint64_t size, char words[WORDS_SIZE]) {
    if (size >= 512 && size % 512 == 0) {
        (void)snprintf(words, WORDS_SIZE, "%" PRIu64 "%s KiB (%" PRIu64 " bytes)", size / 1024,
                       size % 1024 ? ".5" : "", size);
    } else {
        (void)snprintf(words, WORDS_SIZE, "%" PRIu64 " byte%s", size, size == 1 ? "" : "s");
    }
    return words;
}

void layout_describe(const struct layout_problem *problem, char text[LAYOUT_PROBLEM_SIZE]) {
    const struct layout_region *region = problem->region, *other = problem->other;
    char a[WORDS_SIZE], b[WORDS_SIZE], size[WORDS_SIZE];

    switch (problem->kind) {
    case LAYOUT_TWICE:
        (void)snprintf(text, LAYOUT_PROBLEM_SIZE, "%.40s is there twice", region->name);
        break;
    case LAYOUT_NOWHERE:
        (void)snprintf(text, LAYOUT_PROBLEM_SIZE,
                       other ? "%.40s is within %.40s, which is in nothing"
                             : "%.40s is within %.40s, and there is no such region",
                       region->name, region->within);
        break;
    case LAYOUT_ENDLESS:
        (void)snprintf(text, LAYOUT_PROBLEM_SIZE,
                       "%.40s at %#" PRIx64 " has an impossible size, %" PRIu64, region->name,
                       region->start, region->size);
        break;
    case LAYOUT_OUTSIDE:
        (void)snprintf(text, LAYOUT_PROBLEM_SIZE, "%s reaches out of %s by %s", range(region, a),
                       range(other, b), amount(problem->size, size));
        break;
    case LAYOUT_OVERLAP:
        (void)snprintf(text, LAYOUT_PROBLEM_SIZE, "%s and %s overlap by %s", range(region, a),
                       range(other, b), amount(problem->size, size));
        break;
    case LAYOUT_TOO_MUCH:
        (void)snprintf(text, LAYOUT_PROBLEM_SIZE,
                       "%.40s has %s; what is within it takes %s more than that", region->name,
                       amount(region->size, a), amount(problem->size, size));
        break;
    }
}

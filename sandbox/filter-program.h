// SPDX-License-Identifier: MIT
#pragma once

// A seccomp filter as sandbox/make-filters.c compiled it, and where values go that are known only
// when it is installed.

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct filter_patch {
    uint16_t instruction;
    uint8_t from;   /* enum filter_value */
    bool high_half; /* of the 64-bit value */
};

struct filter_program {
    const struct sock_filter *code;
    size_t length;
    const struct filter_patch *patches;
    size_t n_patches;
};

extern const struct filter_program filter_program_start;      /* filter 1 */
extern const struct filter_program filter_program_worker;     /* filter 2 */
extern const struct filter_program filter_program_supervisor; /* the supervisor's own ... */
extern const struct filter_program filter_program_keeper;     /* ... with a state directory */

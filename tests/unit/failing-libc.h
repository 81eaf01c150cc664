// SPDX-License-Identifier: MIT
#pragma once

// Functions of libc that fail when told to, for programs linked with --wrap.

struct fault {
    unsigned countdown; /* the call that fails: 1 for the next, 0 for none */
    int error;          /* errno of a Linux call that fails; memory fails with ENOMEM */
    const char *hit;    /* the function that failed, or NULL */
    int expected;       /* errno it set */
    long n_blocks;      /* allocated and not freed */
};

extern struct fault fault;

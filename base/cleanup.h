// SPDX-License-Identifier: MIT
#pragma once

// Ownership in the type: a local that owns something is declared with one of these attributes at
// its initialisation, and handed over with steal_ptr() or steal_fd().

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

// Closes FD unless negative; returns -1, so that fd = close_fd(fd) leaves no stale number.
// errno is untouched: cleanup runs on error paths.
int close_fd(int fd);

static inline void close_fdp(int *fd) {
    close_fd(*fd);
}

static inline void free_ptr(void *pointer) {
    free(*(void **)pointer);
}

#define CLEANUP_FD CLEANUP(close_fdp)
#define CLEANUP_FREE CLEANUP(free_ptr)

static inline int steal_fd(int *fd) {
    int r = *fd;

    *fd = -1;
    return r;
}

#define steal_ptr(pointer)                                                                         \
    ({                                                                                             \
        typeof(pointer) _pp = &*(pointer);                                                         \
        typeof(*_pp) _value = *_pp;                                                                \
        *_pp = NULL;                                                                               \
        _value;                                                                                    \
    })

// SPDX-License-Identifier: MIT
#pragma once

// Our side of the kernel page (call/wire.h): written by the supervisor, read by the worker, whose
// mapping can never be made writable.

#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

struct kernel_page {
    int fd;
    struct wire_kernel_page *page;
};

// Makes, maps and seals the memfd. Returns 0 or -errno; on success kernel_page_done() undoes it.
int kernel_page_init(struct kernel_page *kernel_page);
void kernel_page_done(struct kernel_page *kernel_page);

// What stays the same from worker to worker. Returns 0 or -errno.
int kernel_page_fill(struct kernel_page *kernel_page, const char *app, uint32_t arena_size,
                     uint32_t n_handles, uint32_t spin_nsec);

// What changes: the generation, and a new random seed. Returns 0 or -errno.
int kernel_page_next(struct kernel_page *kernel_page, uint32_t generation);

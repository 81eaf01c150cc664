// SPDX-License-Identifier: MIT
#include "daemon/app/kernel-page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "sandbox/sandbox.h"

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

int kernel_page_init(struct kernel_page *kernel_page) {
    CLEANUP_FD int fd = fd_new_memory("mpyd-kernel", WIRE_KERNEL_PAGE_SIZE, false);
    void *memory = NULL;
    int r = 0;

    if (fd < 0) {
        return fd;
    }
    r = fd_map(fd, WIRE_KERNEL_PAGE_SIZE, true, &memory);
    if (r < 0) {
        return r;
    }
    // After our own mapping: the seal allows existing writable mappings and forbids new ones.
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) <
        0) {
        r = -errno;
        (void)munmap(memory, WIRE_KERNEL_PAGE_SIZE);
        return r;
    }
    *kernel_page = (struct kernel_page){.fd = steal_fd(&fd), .page = memory};
    return 0;
}

void kernel_page_done(struct kernel_page *kernel_page) {
    if (kernel_page->page) {
        (void)munmap(kernel_page->page, WIRE_KERNEL_PAGE_SIZE);
        close_fd(kernel_page->fd);
    }
    *kernel_page = (struct kernel_page){.fd = -1};
}

int kernel_page_fill(struct kernel_page *kernel_page, const char *app, uint32_t arena_size,
                     uint32_t n_handles, uint32_t spin_nsec) {
    struct wire_kernel_page *page = kernel_page->page;
    int n_filter = sandbox_worker_filter(page->filter, WIRE_FILTER_MAX);

    if (n_filter < 0) {
        return n_filter;
    }
    page->magic = WIRE_MAGIC;
    page->abi = WIRE_ABI;
    page->arena_size = arena_size;
    page->n_handles = n_handles;
    page->spin_nsec = spin_nsec;
    page->filter_length = (uint32_t)n_filter;
    (void)snprintf(page->app, sizeof(page->app), "%s", app);
    return 0;
}

int kernel_page_next(struct kernel_page *kernel_page, uint32_t generation) {
    struct wire_kernel_page *page = kernel_page->page;

    if (getrandom(&page->random_seed, sizeof(page->random_seed), 0) !=
        (ssize_t)sizeof(page->random_seed)) {
        return -errno;
    }
    page->generation = generation;
    return 0;
}

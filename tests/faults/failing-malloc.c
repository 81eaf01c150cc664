// SPDX-License-Identifier: MIT

// Takes the place of malloc(3) and the like in a program that it is linked to, libraries included:
// counts, and fails the one that it is told to fail. Which of the two processes it is in tells a
// page that is wiped on fork.

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/faults/shared.h"

// glibc's own, under the names it has for those who take malloc's place.
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *pointer);

static struct faults *faults; /* NULL before start() and in a program that nobody watches */
static const int *is_parent;  /* 1 in the process that started, 0 in those it forks */
static int64_t n_live;

static enum faults_role role(void) {
    return *is_parent ? FAULTS_SUPERVISOR : FAULTS_SPAWNER;
}

// The program's own functions by address, for addr2line(1); a library's by name.
static void keep_frames(void) {
    void *frames[FAULTS_FRAMES];
    int n = backtrace(frames, FAULTS_FRAMES);

    for (int i = 0; i < n; i++) {
        Dl_info info = {0};
        const char *file = "?";

        if (dladdr(frames[i], &info) != 0 && info.dli_fname) {
            file = info.dli_fname;
        }
        (void)snprintf(faults->frames[i], FAULTS_FRAME_SIZE, "%.60s %p %.60s", file,
                       (void *)((char *)frames[i] - (char *)info.dli_fbase),
                       info.dli_sname ? info.dli_sname : "");
    }
    faults->n_frames = (uint32_t)n;
}

static bool is_to_fail(void) {
    if (!faults || ++faults->n_allocations[role()] != faults->fail[role()]) {
        return false;
    }
    faults->n_failed++;
    keep_frames();
    errno = ENOMEM;
    return true;
}

static void *count(void *pointer) {
    n_live += pointer ? 1 : 0;
    return pointer;
}

void *malloc(size_t size) {
    return is_to_fail() ? NULL : count(__libc_malloc(size));
}

void *calloc(size_t n, size_t size) {
    return is_to_fail() ? NULL : count(__libc_calloc(n, size));
}

void *realloc(void *old, size_t size) {
    void *pointer = is_to_fail() ? NULL : __libc_realloc(old, size);

    if (old && size == 0) {
        n_live--; // glibc's way: freed
    }
    return old ? pointer : count(pointer);
}

void *aligned_alloc(size_t alignment, size_t size) {
    return is_to_fail() ? NULL : count(__libc_memalign(alignment, size));
}

int posix_memalign(void **ret_pointer, size_t alignment, size_t size) {
    void *pointer = aligned_alloc(alignment, size);

    if (!pointer) {
        return ENOMEM;
    }
    *ret_pointer = pointer;
    return 0;
}

void free(void *pointer) {
    n_live -= pointer ? 1 : 0;
    __libc_free(pointer);
}

// backtrace(3) loads a library at its first use, which is not to happen behind the walls.
__attribute__((constructor)) static void start(void) {
    const char *number = getenv(FAULTS_FD);
    void *frames[1];
    int *page =
        mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    void *shared = number ? mmap(NULL, sizeof(*faults), PROT_READ | PROT_WRITE, MAP_SHARED,
                                 (int)strtol(number, NULL, 10), 0)
                          : MAP_FAILED;

    if (page == MAP_FAILED || shared == MAP_FAILED ||
        madvise(page, (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) < 0) {
        return;
    }
    (void)backtrace(frames, 1);
    *page = 1;
    is_parent = page;
    faults = shared;
}

__attribute__((destructor)) static void end(void) {
    if (faults) {
        faults->n_live = n_live;
    }
}

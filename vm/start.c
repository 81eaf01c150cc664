// SPDX-License-Identifier: MIT
#include "vm/start.h"

#include <link.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "vm/app.h"

// The image's own first byte, by the linker.
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static void *map_shared(int fd, size_t size, int protection) {
    void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED || close(fd) < 0) {
        _exit(WIRE_EXIT_CHANNEL);
    }
    return memory;
}

// musl leaves what the relocations wrote writable in a static image.
static void protect_relocated(void) {
    const uint8_t *image = (const uint8_t *)&__ehdr_start;
    const ElfW(Phdr) *segments = (const void *)(image + __ehdr_start.e_phoff);

    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++) {
        uintptr_t start = ((uintptr_t)image + segments[i].p_vaddr) & -(uintptr_t)WIRE_PAGE;
        uintptr_t end =
            ((uintptr_t)image + segments[i].p_vaddr + segments[i].p_memsz) & -(uintptr_t)WIRE_PAGE;

        if (segments[i].p_type == PT_GNU_RELRO && end > start &&
            mprotect((void *)start, end - start, PROT_READ) < 0) {
            _exit(WIRE_EXIT_IMAGE);
        }
    }
}

static void confine(const struct wire_kernel_page *kernel) {
    struct sock_fprog filter = {
        .len = (unsigned short)kernel->filter_length,
        .filter = (struct sock_filter *)(uintptr_t)kernel->filter,
    };

    if (kernel->filter_length > WIRE_FILTER_MAX ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) < 0) {
        _exit(WIRE_EXIT_CHANNEL);
    }
}

void start_worker(void) {
    size_t channel_size = WIRE_CHANNEL_SIZE(app_image.arena_size);
    void *channel = map_shared(WIRE_FD_CHANNEL, channel_size, PROT_READ | PROT_WRITE);
    void *kernel = map_shared(WIRE_FD_KERNEL, WIRE_KERNEL_PAGE_SIZE, PROT_READ);

    if (caller_attach(channel, channel_size, kernel) < 0) {
        _exit(WIRE_EXIT_IMAGE);
    }
    protect_relocated();
    confine(caller.kernel);
    if (call_channel_start(WIRE_ABI, CALLS_VERSION) < 0) {
        _exit(WIRE_EXIT_CHANNEL);
    }
}

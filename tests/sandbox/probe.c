// SPDX-License-Identifier: MIT

// An image that starts as a worker does, makes one Linux call it was told to make, and says what
// came of it. Linked as images are: musl, static PIE.

#include "tests/sandbox/probe.h"

#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static uint64_t buffer[512];

#if defined(__x86_64__)

static long call_6(uint64_t number, const uint64_t a[6]) {
    register uint64_t r10 __asm__("r10") = a[3];
    register uint64_t r8 __asm__("r8") = a[4];
    register uint64_t r9 __asm__("r9") = a[5];
    long result = (long)number;

    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static long call_int_80(uint64_t number, const uint64_t a[6]) {
    long result = (long)number;

    __asm__ volatile("int $0x80"
                     : "+a"(result)
                     : "b"(a[0]), "c"(a[1]), "d"(a[2]), "S"(a[3]), "D"(a[4])
                     : "memory", "r8", "r9", "r10", "r11");
    return result;
}

#elif defined(__aarch64__)

static long call_6(uint64_t number, const uint64_t a[6]) {
    register uint64_t x8 __asm__("x8") = number;
    register uint64_t x0 __asm__("x0") = a[0];
    register uint64_t x1 __asm__("x1") = a[1];
    register uint64_t x2 __asm__("x2") = a[2];
    register uint64_t x3 __asm__("x3") = a[3];
    register uint64_t x4 __asm__("x4") = a[4];
    register uint64_t x5 __asm__("x5") = a[5];

    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return (long)x0;
}

// This machine has one entry for programs of 64 bits.
static long call_int_80(uint64_t number __attribute__((unused)),
                        const uint64_t a[6] __attribute__((unused))) {
    _exit(4);
}

#else
#error "how is a Linux call made?"
#endif

static void *map(uint64_t size, int protection, int fd) {
    const uint64_t arguments[6] = {0, size, (uint64_t)protection, MAP_SHARED, (uint64_t)fd, 0};
    long result = call_6(SYS_mmap, arguments);

    if (result < 0 && result > -4096) {
        _exit(2);
    }
    return (void *)result;
}

static void install(const struct wire_kernel_page *page) {
    const struct sock_fprog program = {.len = (unsigned short)page->filter_length,
                                       .filter = (struct sock_filter *)page->filter};
    const uint64_t arguments[6] = {SECCOMP_SET_MODE_FILTER, 0, (uintptr_t)&program};

    if (call_6(SYS_seccomp, arguments) != 0) {
        _exit(3);
    }
}

int main(void) {
    const struct wire_kernel_page *page = map(WIRE_KERNEL_PAGE_SIZE, PROT_READ, WIRE_FD_KERNEL);
    uint8_t *channel =
        map(WIRE_CHANNEL_SIZE(page->arena_size), PROT_READ | PROT_WRITE, WIRE_FD_CHANNEL);
    const struct probe_command *command =
        (const void *)((const uint8_t *)page + PROBE_COMMAND_OFFSET);
    volatile struct probe_answer *answer = (void *)(channel + PROBE_ANSWER_OFFSET);
    uint64_t arguments[6];

    if (!(command->flags & PROBE_KEEP_OPEN)) {
        (void)close(WIRE_FD_CHANNEL);
        (void)close(WIRE_FD_KERNEL);
    }
    if (command->flags & PROBE_FILTER_2) {
        install(page);
    }
    for (int i = 0; i < 6; i++) {
        arguments[i] = command->arguments[i] == PROBE_BUFFER ? (uint64_t)(uintptr_t)buffer
                                                             : command->arguments[i];
    }
    answer->stage = PROBE_STARTED;
    if (!(command->flags & PROBE_NO_CALL)) {
        answer->result = command->flags & PROBE_INT_80 ? call_int_80(command->number, arguments)
                                                       : call_6(command->number, arguments);
        answer->stage = PROBE_RETURNED;
    }
    if (command->flags & PROBE_WAIT) {
        const uint64_t wait[6] = {WIRE_FD_SLEEP, (uintptr_t)buffer, 8};

        (void)call_6(SYS_read, wait);
    }
    _exit(0);
}

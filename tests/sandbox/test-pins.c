// SPDX-License-Identifier: MIT

// Every pinned argument of filters 1 and 2, bit by bit through all 64: the exact call is admitted,
// and any other ends the worker.

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__x86_64__)
#include <asm/prctl.h>
#endif

#include "sandbox/spawner-child.h"
#include "tests/sandbox/host.h"

#define CHANNEL_SIZE WIRE_CHANNEL_SIZE(WIRE_ARENA_MIN)
#define ANY_POINTER INT64_MAX /* as a result: an address */

static struct host host;

struct exact {
    const char *name;
    uint64_t number;
    uint64_t arguments[6];
    unsigned pinned; /* a bit for each argument that the filter must look at */
    int64_t result;  /* of the exact call */
    uint64_t flags;
    bool running; /* filter 2 admits it as well */
};

// The addresses are the spawner's and ours alike: it is a fork of this process.
static const struct exact *exacts(size_t *ret_n) {
    static struct exact calls[] = {
        {"read", SYS_read, {WIRE_FD_SLEEP, PROBE_BUFFER, 8}, 0x5, 8, 0, true},
        {"write", SYS_write, {WIRE_FD_RING, PROBE_BUFFER, 8}, 0x5, 8, 0, true},
        /* The path lies nowhere in this image; test-hostile.c has one where it does. */
        {"execveat", SYS_execveat, {0}, 0x1f, -EFAULT, 0, false},
#if defined(__x86_64__)
        {"arch_prctl", SYS_arch_prctl, {ARCH_SET_FS, PROBE_BUFFER}, 0x1, 0, 0, false},
#endif
        {"mmap channel",
         SYS_mmap,
         {0, CHANNEL_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, WIRE_FD_CHANNEL, 0},
         0x3f,
         ANY_POINTER,
         PROBE_KEEP_OPEN,
         false},
        {"mmap kernel page",
         SYS_mmap,
         {0, WIRE_KERNEL_PAGE_SIZE, PROT_READ, MAP_SHARED, WIRE_FD_KERNEL, 0},
         0x3f,
         ANY_POINTER,
         PROBE_KEEP_OPEN,
         false},
        {"close channel", SYS_close, {WIRE_FD_CHANNEL}, 0x1, 0, PROBE_KEEP_OPEN, false},
        {"close kernel page", SYS_close, {WIRE_FD_KERNEL}, 0x1, 0, PROBE_KEEP_OPEN, false},
        {"mprotect", SYS_mprotect, {0, 0, PROT_READ}, 0x4, 0, 0, false},
        {"seccomp", SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0, 0}, 0x3, -EFAULT, 0, false},
    };
    const uint64_t exec[6] = {SPAWNER_FD_IMAGE, (uintptr_t)spawner_exec.path,
                              (uintptr_t)spawner_exec.arguments,
                              (uintptr_t)spawner_exec.environment, AT_EMPTY_PATH};

    memcpy(calls[2].arguments, exec, sizeof(exec));
    *ret_n = sizeof(calls) / sizeof(calls[0]);
    return calls;
}

static int set_up(void **state) {
    host_init(&host);
    return 0;
}

static int tear_down(void **state) {
    host_done(&host);
    return 0;
}

static struct probe_command command_of(const struct exact *exact, uint64_t flags) {
    struct probe_command command = {.flags = exact->flags | flags, .number = exact->number};

    memcpy(command.arguments, exact->arguments, sizeof(command.arguments));
    return command;
}

static struct spawner_event run(const struct probe_command *command) {
    uint64_t one = 1;

    // Or the exact read would sleep.
    assert_int_equal(write(host.descriptors.sleep, &one, sizeof(one)), sizeof(one));
    return host_run(&host, command);
}

static bool was_killed(const struct spawner_event *event) {
    return event->code != CLD_EXITED && event->status == SIGSYS;
}

static bool was_admitted(const struct spawner_event *event, int64_t result) {
    int64_t got = host.answer->result;

    return event->code == CLD_EXITED && host.answer->stage == PROBE_RETURNED &&
           (result == ANY_POINTER ? got > 4096 : got == result);
}

static void test_exact_call_filter_1_admitted(void **state) {
    size_t n = 0;
    const struct exact *calls = exacts(&n);

    for (size_t i = 0; i < n; i++) {
        struct probe_command command = command_of(&calls[i], 0);
        struct spawner_event event = run(&command);

        if (!was_admitted(&event, calls[i].result)) {
            fail_msg("%s: code %d status %d result %lld", calls[i].name, event.code, event.status,
                     (long long)host.answer->result);
        }
    }
}

static void test_exact_call_filter_2_only_running_admitted(void **state) {
    size_t n = 0;
    const struct exact *calls = exacts(&n);

    for (size_t i = 0; i < n; i++) {
        struct probe_command command = command_of(&calls[i], PROBE_FILTER_2);
        struct spawner_event event = run(&command);

        if (calls[i].running ? !was_admitted(&event, calls[i].result) : !was_killed(&event)) {
            fail_msg("%s: code %d status %d", calls[i].name, event.code, event.status);
        }
    }
}

static void flip_bits(const struct exact *exact, unsigned argument, uint64_t flags) {
    for (unsigned bit = 0; bit < 64; bit++) {
        struct probe_command command = command_of(exact, flags);

        command.arguments[argument] ^= 1ull << bit;
        // The two descriptors that may be closed differ in one bit.
        if (exact->number == SYS_close && bit == 0) {
            continue;
        }
        struct spawner_event event = run(&command);

        if (!was_killed(&event)) {
            fail_msg("%s: argument %u with bit %u flipped: code %d status %d", exact->name,
                     argument, bit, event.code, event.status);
        }
    }
}

static void flip_all(uint64_t flags, bool running_only) {
    size_t n = 0;
    const struct exact *calls = exacts(&n);

    for (size_t i = 0; i < n; i++) {
        for (unsigned argument = 0; argument < 6; argument++) {
            if (calls[i].pinned & (1u << argument) && (!running_only || calls[i].running)) {
                flip_bits(&calls[i], argument, flags);
            }
        }
    }
}

static void test_flipped_bit_filter_1_killed(void **state) {
    flip_all(0, false);
}

static void test_flipped_bit_filter_2_killed(void **state) {
    flip_all(PROBE_FILTER_2, true);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_call_filter_1_admitted),
        cmocka_unit_test(test_exact_call_filter_2_only_running_admitted),
        cmocka_unit_test(test_flipped_bit_filter_1_killed),
        cmocka_unit_test(test_flipped_bit_filter_2_killed),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("pins", tests, set_up, tear_down);
}

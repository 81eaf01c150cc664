// SPDX-License-Identifier: MIT

// Every Linux call number by every entry, one worker each, behind filter 1 alone and behind both.

#include <errno.h>
#include <fcntl.h>
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

#include <cmocka.h>

#include "sandbox/spawner-child.h"
#include "tests/sandbox/host.h"

#define NUMBERS 1024u
#define X32_BIT 0x40000000u

static struct host host;

static int set_up(void **state) {
    host_init(&host);
    return 0;
}

static int tear_down(void **state) {
    host_done(&host);
    return 0;
}

static bool died_of(const struct spawner_event *event, int signal_number) {
    return event->code != CLD_EXITED && event->status == signal_number;
}

// With all arguments 0, what should come of the call? Returns NULL if what came of it is right.
static const char *judge_zero(uint64_t number, uint64_t flags, const struct spawner_event *event) {
    bool returned = event->code == CLD_EXITED && host.answer->stage == PROBE_RETURNED;

    if (flags & PROBE_INT_80) {
        // A kernel without i386 emulation has no such entry: a fault.
        return died_of(event, SIGSYS) || died_of(event, SIGSEGV) ? NULL : "should die";
    }
    if (number == SYS_exit_group) {
        return event->code == CLD_EXITED && !returned ? NULL : "should exit";
    }
    if (number == SYS_clock_gettime) {
        return returned && host.answer->result == -EPERM ? NULL : "should answer EPERM";
    }
    if (number == SYS_set_tid_address && !(flags & PROBE_FILTER_2)) {
        return returned && host.answer->result > 0 ? NULL : "should be admitted";
    }
    // uretprobe and uprobe pass filters by (Linux 6.12 on) and do nothing outside a probed page.
#if defined(__x86_64__)
    if (number == 335 || number == 336) {
        return died_of(event, SIGSYS) || died_of(event, SIGILL) ||
                       (returned && host.answer->result < 0)
                   ? NULL
                   : "should lead nowhere";
    }
#endif
    return died_of(event, SIGSYS) ? NULL : "should die of SIGSYS";
}

static void sweep(uint64_t flags, uint64_t bit) {
    unsigned n_wrong = 0;

    for (uint64_t number = 0; number < NUMBERS; number++) {
        struct probe_command command = {.flags = flags, .number = number | bit};
        struct spawner_event event = host_run(&host, &command);
        const char *wrong = judge_zero(command.number, flags, &event);

        if (wrong) {
            print_error("call %#llx flags %llu: %s, but code %d status %d stage %llu\n",
                        (unsigned long long)command.number, (unsigned long long)flags, wrong,
                        event.code, event.status, (unsigned long long)host.answer->stage);
            n_wrong++;
        }
    }
    assert_int_equal(n_wrong, 0);
}

static void test_sweep_filter_1_only_admitted_return(void **state) {
    sweep(0, 0);
}

static void test_sweep_both_filters_only_admitted_return(void **state) {
    sweep(PROBE_FILTER_2, 0);
}

#if defined(__x86_64__) /* others have no second entry */
static void test_sweep_x32_all_die(void **state) {
    sweep(0, X32_BIT);
    sweep(PROBE_FILTER_2, X32_BIT);
}

static void test_sweep_i386_all_die(void **state) {
    sweep(PROBE_INT_80, 0);
    sweep(PROBE_INT_80 | PROBE_FILTER_2, 0);
}

#endif

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sweep_filter_1_only_admitted_return),
        cmocka_unit_test(test_sweep_both_filters_only_admitted_return),
#if defined(__x86_64__)
        cmocka_unit_test(test_sweep_x32_all_die),
        cmocka_unit_test(test_sweep_i386_all_die),
#endif
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("syscalls", tests, set_up, tear_down);
}

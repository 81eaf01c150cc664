// SPDX-License-Identifier: MIT

// The worker's two filters. Whatever no row admits ends the process.

#include "sandbox/filter-rules.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <sys/mman.h>

#include "call/wire.h"
#include "sandbox/spawner-child.h"

#define ARCH_SET_FS 0x1002 /* asm/prctl.h, of x86 only */

#define ALLOW SCMP_ACT_ALLOW
#define N_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

// The three calls of a running worker. Eight bytes: an eventfd's value.
#define RUNNING_ROWS                                                                               \
    {SCMP_SYS(read), ALLOW, {PIN(0, WIRE_FD_SLEEP), PIN(2, 8)}, "sleeps until rung"},              \
        {SCMP_SYS(write), ALLOW, {PIN(0, WIRE_FD_RING), PIN(2, 8)}, "rings the supervisor"}, {     \
        SCMP_SYS(exit_group), ALLOW, {}, "ends"                                                    \
    }

// Answered rather than killed: where the vDSO has no clock the VM then makes a call of ours. After
// ENOSYS musl asks gettimeofday(), as of an older Linux, and does not look what comes of it.
#define CLOCK_ROW                                                                                  \
    { SCMP_SYS(clock_gettime), SCMP_ACT_ERRNO(EPERM), {}, "the VM falls back to a call" }

static const struct filter_rule start_rules[] = {
    RUNNING_ROWS,
    CLOCK_ROW,
    {SCMP_SYS(execveat),
     ALLOW,
     {PIN(0, SPAWNER_FD_IMAGE), PIN_FROM(1, FILTER_EXEC_PATH), PIN_FROM(2, FILTER_EXEC_ARGUMENTS),
      PIN_FROM(3, FILTER_EXEC_ENVIRONMENT), PIN(4, AT_EMPTY_PATH)},
     "becomes the image; once it has, that descriptor is closed and no call opens another"},
    {SCMP_SYS(arch_prctl), ALLOW, {PIN(0, ARCH_SET_FS)}, "musl sets its thread pointer"},
    {SCMP_SYS(set_tid_address), ALLOW, {}, "musl's start-up"},
    {SCMP_SYS(mmap),
     ALLOW,
     {PIN(0, 0), PIN_FROM(1, FILTER_CHANNEL_SIZE), PIN(2, PROT_READ | PROT_WRITE),
      PIN(3, MAP_SHARED), PIN(4, WIRE_FD_CHANNEL), PIN(5, 0)},
     "maps the channel"},
    {SCMP_SYS(mmap),
     ALLOW,
     {PIN(0, 0), PIN(1, WIRE_KERNEL_PAGE_SIZE), PIN(2, PROT_READ), PIN(3, MAP_SHARED),
      PIN(4, WIRE_FD_KERNEL), PIN(5, 0)},
     "maps the kernel page"},
    {SCMP_SYS(close), ALLOW, {PIN(0, WIRE_FD_CHANNEL)}, "mapped, needed no more"},
    {SCMP_SYS(close), ALLOW, {PIN(0, WIRE_FD_KERNEL)}, "mapped, needed no more"},
    {SCMP_SYS(mprotect), ALLOW, {PIN(2, PROT_READ)}, "RELRO, which static musl leaves to us"},
    {SCMP_SYS(seccomp),
     ALLOW,
     {PIN(0, SECCOMP_SET_MODE_FILTER), PIN(1, 0)},
     "installs filter 2; a further filter can only tighten, and without flags has no listener"},
};

static const struct filter_rule worker_rules[] = {RUNNING_ROWS, CLOCK_ROW};

const struct filter_table filter_table_start = {start_rules, N_ROWS(start_rules),
                                                SCMP_ACT_KILL_PROCESS};
const struct filter_table filter_table_worker = {worker_rules, N_ROWS(worker_rules),
                                                 SCMP_ACT_KILL_PROCESS};

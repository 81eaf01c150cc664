// SPDX-License-Identifier: MIT

// The supervisor's own filter. Three tiers:
//
//   - what serving calls needs is admitted, with arguments pinned where they decide;
//   - what only an intruder would do (a new process, another program, reaching into other
//     processes, the mount table, kernel interfaces) ends the process: no second try;
//   - anything else answers EPERM and leaves a line in the audit log. Not a kill: libc and c-ares
//     change with every release, and a refused fallback must not become the end of every app.
//
// The rows behind KEEPS are of a supervisor that has a state directory to write in; others do
// without.

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <termios.h>

#include "sandbox/filter-rules.h"
#include "sandbox/spawner-child.h"

#define ALLOW SCMP_ACT_ALLOW
#define KILL SCMP_ACT_KILL_PROCESS
#define N_ROWS(rows) (sizeof(rows) / sizeof((rows)[0]))

#define INT 0xffffffffu /* an int argument: the kernel ignores the high half, and so does libc */

#define EVENTS "event loop"
#define MEMORY "memory"
#define SOCKETS "serves sockets"
#define FILES "reads and writes what is open, reads what Landlock leaves"
#define PROCESS "looks at itself and waits for the spawner"
#define TIME "time, where the vDSO has none"
#define CONFINE "sandbox_confine_ports() tightens further"
#define KEEPS "keeps the app's files, in the directory that Landlock leaves"

#ifndef TARGET_O_NOFOLLOW /* another machine's is another number: sandbox/meson.build */
#define TARGET_O_NOFOLLOW O_NOFOLLOW
#endif

#define SOCKET_FLAGS (SOCK_CLOEXEC | SOCK_NONBLOCK)
#define SOCKET_ROW(family, type, protocol)                                                         \
    {                                                                                              \
        SCMP_SYS(socket), ALLOW,                                                                   \
            {PIN_MASK(0, INT, family), PIN_MASK(1, INT & ~(uint64_t)SOCKET_FLAGS, type),           \
             PIN_MASK(2, INT, protocol)},                                                          \
            "TCP and UDP, no other protocol: MPTCP would pass Landlock's port rules by"            \
    }

#define PLAIN(name, reason)                                                                        \
    { SCMP_SYS(name), ALLOW, {}, reason }
#define PLAIN_KILL(name, reason)                                                                   \
    { SCMP_SYS(name), KILL, {}, reason }

// clang-format off
static const struct filter_rule rules[] = {
    PLAIN(epoll_wait, EVENTS), PLAIN(epoll_pwait, EVENTS), PLAIN(epoll_pwait2, EVENTS),
    PLAIN(epoll_ctl, EVENTS), PLAIN(epoll_create1, EVENTS),
    PLAIN(timerfd_create, EVENTS), PLAIN(timerfd_settime, EVENTS), PLAIN(timerfd_gettime, EVENTS),
    PLAIN(eventfd2, EVENTS), PLAIN(signalfd4, EVENTS), PLAIN(rt_sigprocmask, EVENTS),
    PLAIN(rt_sigaction, EVENTS), PLAIN(rt_sigreturn, EVENTS), PLAIN(sigaltstack, EVENTS),
    PLAIN(poll, EVENTS), PLAIN(ppoll, EVENTS), PLAIN(select, EVENTS), PLAIN(pselect6, EVENTS),
    PLAIN(restart_syscall, EVENTS), PLAIN(futex, EVENTS), PLAIN(sched_yield, EVENTS),
    PLAIN(pause, EVENTS), PLAIN(rt_sigtimedwait, EVENTS),

    PLAIN(read, FILES), PLAIN(write, FILES), PLAIN(readv, FILES), PLAIN(writev, FILES),
    PLAIN(pread64, FILES), PLAIN(pwrite64, FILES), PLAIN(lseek, FILES), PLAIN(close, FILES),
    PLAIN(close_range, FILES), PLAIN(dup, FILES), PLAIN(dup3, FILES), PLAIN(pipe2, FILES),
    PLAIN(fstat, FILES), PLAIN(newfstatat, FILES), PLAIN(stat, FILES), PLAIN(lstat, FILES),
    PLAIN(statx, FILES), PLAIN(access, FILES), PLAIN(faccessat, FILES), PLAIN(faccessat2, FILES),
    PLAIN(readlink, FILES), PLAIN(readlinkat, FILES), PLAIN(getdents64, FILES),
    {SCMP_SYS(openat), ALLOW,
     {PIN_MASK(2, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), O_RDONLY)},
     "opening for reading only"},
    {SCMP_SYS(open), ALLOW,
     {PIN_MASK(1, O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY), O_RDONLY)},
     "opening for reading only"},
    {SCMP_SYS(fchmod), ALLOW, {PIN_MASK(1, INT, SPAWNER_IMAGE_MODE)},
     "an image that nobody may read makes its worker not dumpable"},
    PLAIN(memfd_create, "channels and images"), PLAIN(ftruncate, "channels and images"),
    {SCMP_SYS(fcntl), ALLOW, {PIN_MASK(1, INT, F_GETFD)}, FILES},
    {SCMP_SYS(fcntl), ALLOW, {PIN_MASK(1, INT, F_SETFD)}, FILES},
    {SCMP_SYS(fcntl), ALLOW, {PIN_MASK(1, INT, F_GETFL)}, FILES},
    {SCMP_SYS(fcntl), ALLOW, {PIN_MASK(1, INT, F_SETFL)}, FILES},
    {SCMP_SYS(fcntl), ALLOW, {PIN_MASK(1, INT, F_DUPFD_CLOEXEC)}, FILES},
    {SCMP_SYS(fcntl), ALLOW, {PIN_MASK(1, INT, F_ADD_SEALS)}, "channels and images"},
    {SCMP_SYS(fcntl), ALLOW, {PIN_MASK(1, INT, F_GET_SEALS)}, "channels and images"},
    {SCMP_SYS(ioctl), ALLOW, {PIN_MASK(1, INT, FIONREAD)}, "how much there is to read"},
    {SCMP_SYS(ioctl), ALLOW, {PIN_MASK(1, INT, TCGETS)}, "stdio asks whether it is a terminal"},

    {SCMP_SYS(mmap), ALLOW, {PIN_MASK(2, PROT_EXEC, 0)}, "memory, never code"},
    {SCMP_SYS(mprotect), ALLOW, {PIN_MASK(2, PROT_EXEC, 0)}, "memory, never code"},
    PLAIN(munmap, MEMORY), PLAIN(mremap, MEMORY), PLAIN(madvise, MEMORY), PLAIN(brk, MEMORY),

    SOCKET_ROW(AF_INET, SOCK_STREAM, 0), SOCKET_ROW(AF_INET, SOCK_STREAM, IPPROTO_TCP),
    SOCKET_ROW(AF_INET, SOCK_DGRAM, 0), SOCKET_ROW(AF_INET, SOCK_DGRAM, IPPROTO_UDP),
    SOCKET_ROW(AF_INET6, SOCK_STREAM, 0), SOCKET_ROW(AF_INET6, SOCK_STREAM, IPPROTO_TCP),
    SOCKET_ROW(AF_INET6, SOCK_DGRAM, 0), SOCKET_ROW(AF_INET6, SOCK_DGRAM, IPPROTO_UDP),
    PLAIN(bind, SOCKETS), PLAIN(listen, SOCKETS), PLAIN(accept4, SOCKETS),
    PLAIN(connect, SOCKETS), PLAIN(shutdown, SOCKETS), PLAIN(getsockname, SOCKETS),
    PLAIN(getpeername, SOCKETS), PLAIN(getsockopt, SOCKETS), PLAIN(setsockopt, SOCKETS),
    PLAIN(sendto, SOCKETS), PLAIN(recvfrom, SOCKETS), PLAIN(sendmsg, SOCKETS),
    PLAIN(recvmsg, SOCKETS), PLAIN(sendmmsg, SOCKETS), PLAIN(recvmmsg, SOCKETS),

    PLAIN(clock_gettime, TIME), PLAIN(clock_getres, TIME), PLAIN(clock_nanosleep, TIME),
    PLAIN(nanosleep, TIME), PLAIN(gettimeofday, TIME), PLAIN(time, TIME),

    PLAIN(getpid, PROCESS), PLAIN(gettid, PROCESS), PLAIN(getppid, PROCESS),
    PLAIN(getuid, PROCESS), PLAIN(geteuid, PROCESS), PLAIN(getgid, PROCESS),
    PLAIN(getegid, PROCESS), PLAIN(getresuid, PROCESS), PLAIN(getresgid, PROCESS),
    PLAIN(getgroups, PROCESS), PLAIN(capget, PROCESS), PLAIN(uname, PROCESS),
    PLAIN(sysinfo, PROCESS), PLAIN(getrandom, PROCESS), PLAIN(getrusage, PROCESS),
    PLAIN(getcpu, PROCESS), PLAIN(sched_getaffinity, PROCESS), PLAIN(sched_setaffinity, PROCESS),
    PLAIN(wait4, PROCESS), PLAIN(waitid, PROCESS), PLAIN(exit, PROCESS),
    PLAIN(exit_group, PROCESS), PLAIN(membarrier, PROCESS),
    {SCMP_SYS(prlimit64), ALLOW, {PIN_MASK(0, INT, 0), PIN(2, 0)}, "reads its own limits"},
    PLAIN(getrlimit, PROCESS),
    {SCMP_SYS(tgkill), ALLOW, {PIN_FROM(0, FILTER_OWN_PID)}, "abort(3)"},
    PLAIN(pidfd_send_signal, "the spawner, where ids and Landlock let it"),
    {SCMP_SYS(prctl), ALLOW, {PIN_MASK(0, INT, PR_SET_NAME)}, PROCESS},
    {SCMP_SYS(prctl), ALLOW, {PIN_MASK(0, INT, PR_GET_SECCOMP)}, "verifies its layers"},
    {SCMP_SYS(prctl), ALLOW, {PIN_MASK(0, INT, PR_GET_NO_NEW_PRIVS)}, "verifies its layers"},
    {SCMP_SYS(prctl), ALLOW, {PIN_MASK(0, INT, PR_GET_DUMPABLE)}, "verifies its layers"},
    {SCMP_SYS(prctl), ALLOW, {PIN_MASK(0, INT, PR_SET_VMA)}, "malloc names its areas"},

    PLAIN(landlock_create_ruleset, CONFINE), PLAIN(landlock_add_rule, CONFINE),
    PLAIN(landlock_restrict_self, CONFINE), PLAIN(seccomp, CONFINE),

    PLAIN_KILL(clone, "new process"), PLAIN_KILL(fork, "new process"),
    PLAIN_KILL(clone3, "new process"), PLAIN_KILL(vfork, "new process"),
    PLAIN_KILL(execve, "other program"), PLAIN_KILL(execveat, "other program"),
    PLAIN_KILL(ptrace, "other processes"), PLAIN_KILL(process_vm_readv, "other processes"),
    PLAIN_KILL(process_vm_writev, "other processes"), PLAIN_KILL(pidfd_getfd, "other processes"),
    PLAIN_KILL(kcmp, "other processes"),
    PLAIN_KILL(mount, "mounts"), PLAIN_KILL(umount2, "mounts"), PLAIN_KILL(pivot_root, "mounts"),
    PLAIN_KILL(chroot, "mounts"), PLAIN_KILL(move_mount, "mounts"), PLAIN_KILL(fsopen, "mounts"),
    PLAIN_KILL(open_tree, "mounts"), PLAIN_KILL(mount_setattr, "mounts"),
    PLAIN_KILL(setns, "namespaces"), PLAIN_KILL(unshare, "namespaces"),
    PLAIN_KILL(bpf, "kernel"), PLAIN_KILL(perf_event_open, "kernel"),
    PLAIN_KILL(userfaultfd, "kernel"), PLAIN_KILL(io_uring_setup, "kernel"),
    PLAIN_KILL(init_module, "kernel"), PLAIN_KILL(finit_module, "kernel"),
    PLAIN_KILL(delete_module, "kernel"), PLAIN_KILL(kexec_load, "kernel"),
    PLAIN_KILL(kexec_file_load, "kernel"), PLAIN_KILL(reboot, "kernel"),
    PLAIN_KILL(add_key, "keyrings"), PLAIN_KILL(request_key, "keyrings"),
    PLAIN_KILL(keyctl, "keyrings"), PLAIN_KILL(name_to_handle_at, "files by handle"),
    PLAIN_KILL(open_by_handle_at, "files by handle"), PLAIN_KILL(personality, "kernel"),

    {SCMP_SYS(openat), ALLOW,
     {PIN_MASK(2, TARGET_O_NOFOLLOW | O_CLOEXEC | (O_TMPFILE & ~O_DIRECTORY),
               TARGET_O_NOFOLLOW | O_CLOEXEC)},
     KEEPS},
    PLAIN(mkdirat, KEEPS), PLAIN(unlinkat, KEEPS), PLAIN(renameat, KEEPS),
    PLAIN(fsync, KEEPS),
    PLAIN(io_setup, KEEPS), PLAIN(io_submit, KEEPS), PLAIN(io_getevents, KEEPS),
    PLAIN(io_destroy, KEEPS), PLAIN(fstatfs, KEEPS),
};
#define KEEPS_ROWS 10u
// clang-format on

const struct filter_table filter_table_supervisor = {rules, N_ROWS(rules) - KEEPS_ROWS,
                                                     SCMP_ACT_ERRNO(EPERM)};
const struct filter_table filter_table_keeper = {rules, N_ROWS(rules), SCMP_ACT_ERRNO(EPERM)};

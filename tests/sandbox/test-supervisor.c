// SPDX-License-Identifier: MIT

// What a supervisor may not do any more once it has confined itself.

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sandbox/attempt.h"
#include "tests/sandbox/host.h"

static long try_clone(void) {
    return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}
static long try_thread(void) {
    return syscall(SYS_clone3, NULL, 0);
}
static long try_execve(void) {
    char *const arguments[] = {"true", NULL};

    return execve("/bin/true", arguments, arguments + 1);
}
static long try_ptrace(void) {
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}
static long try_mount(void) {
    return mount("none", "/tmp", "tmpfs", 0, NULL);
}
static long try_unshare(void) {
    return unshare(CLONE_NEWUSER);
}
static long try_bpf(void) {
    return syscall(SYS_bpf, 0, NULL, 0);
}
static long try_io_uring(void) {
    return syscall(SYS_io_uring_setup, 1, NULL);
}
static long try_process_vm_writev(void) {
    return syscall(SYS_process_vm_writev, getppid(), NULL, 0, NULL, 0, 0);
}
#if defined(__x86_64__)
static long try_fork(void) {
    return syscall(SYS_fork);
}
static long try_i386(void) {
    long result = 20; /* getpid */

    __asm__ volatile("int $0x80" : "+a"(result)::"memory", "r8", "r9", "r10", "r11");
    return 0;
}
static long try_x32(void) {
    return syscall(0x40000000L | SYS_getpid);
}
#endif

static void test_intruders_calls_killed(void **state) {
    static long (*const attempts[])(void) = {
        try_clone,
        try_thread,
        try_execve,
        try_ptrace,
        try_mount,
        try_unshare,
        try_bpf,
        try_io_uring,
        try_process_vm_writev,
#if defined(__x86_64__) /* on others clone() is fork(), and there is one entry */
        try_fork,
        try_i386,
        try_x32,
#endif
    };

    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        if (attempt(attempts[i]) != KILLED) {
            fail_msg("attempt %zu was not deadly", i);
        }
    }
}

static int family, type, protocol;

static long try_socket(void) {
    return socket(family, type, protocol);
}

static int attempt_socket(int with_family, int with_type, int with_protocol) {
    family = with_family;
    type = with_type;
    protocol = with_protocol;
    return attempt(try_socket);
}

static void test_sockets_inet_only(void **state) {
    static const int families[] = {AF_INET, AF_INET6};

    for (size_t i = 0; i < 2; i++) {
        int any = SOCK_CLOEXEC | SOCK_NONBLOCK;

        assert_int_equal(attempt_socket(families[i], SOCK_STREAM | any, 0), 0);
        assert_int_equal(attempt_socket(families[i], SOCK_STREAM, IPPROTO_TCP), 0);
        assert_int_equal(attempt_socket(families[i], SOCK_DGRAM | any, 0), 0);
        assert_int_equal(attempt_socket(families[i], SOCK_DGRAM, IPPROTO_UDP), 0);
        assert_int_equal(attempt_socket(families[i], SOCK_STREAM, 262 /* MPTCP */), EPERM);
        assert_int_equal(attempt_socket(families[i], SOCK_DGRAM, IPPROTO_ICMP), EPERM);
        assert_int_equal(attempt_socket(families[i], SOCK_RAW, IPPROTO_TCP), EPERM);
        assert_int_equal(attempt_socket(families[i], SOCK_SEQPACKET, IPPROTO_SCTP), EPERM);
    }
    assert_int_equal(attempt_socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
    assert_int_equal(attempt_socket(AF_NETLINK, SOCK_RAW, 0), EPERM);
    assert_int_equal(attempt_socket(AF_PACKET, SOCK_RAW, 0), EPERM);
    assert_int_equal(attempt_socket(AF_VSOCK, SOCK_STREAM, 0), EPERM);
}

static long try_open_write(void) {
    return open("/etc/hosts", O_WRONLY);
}
static long try_open_create(void) {
    return open("/tmp/mpyd-test-created", O_RDONLY | O_CREAT, 0600);
}
static long try_open_tmpfile(void) {
    return open("/tmp", O_TMPFILE | O_RDWR, 0600);
}
static long try_open_shadow(void) {
    return open("/etc/passwd", O_RDONLY);
}
static long try_open_proc(void) {
    return open("/proc/self/status", O_RDONLY);
}
static long try_open_hosts(void) {
    return open("/etc/hosts", O_RDONLY);
}
static long try_open_resolv(void) {
    return open("/etc/resolv.conf", O_RDONLY);
}
static long try_unlink(void) {
    return unlink("/tmp/mpyd-test-none");
}

static void test_files_only_the_resolvers_and_only_reading(void **state) {
    assert_int_equal(attempt(try_open_write), EPERM);
    assert_int_equal(attempt(try_open_create), EPERM);
    assert_int_equal(attempt(try_open_tmpfile), EPERM);
    assert_int_equal(attempt(try_unlink), EPERM);
    assert_int_equal(attempt(try_open_shadow), EACCES);
    assert_int_equal(attempt(try_open_proc), EACCES);
    assert_int_equal(attempt(try_open_hosts), access("/etc/hosts", R_OK) == 0 ? 0 : ENOENT);
    assert_int_equal(attempt(try_open_resolv), access("/etc/resolv.conf", R_OK) == 0 ? 0 : ENOENT);
}

// Floors as an ordinary user has them: its own, in its own directory. No id and no mode stands in
// the way, only what the supervisor put around itself.
static char floors[] = "/tmp/mpyd-test-floors-XXXXXX", floor_path[64], other_path[64];

static long try_floor_write(void) {
    return open(floor_path, O_WRONLY);
}
static long try_floor_both(void) {
    return open(floor_path, O_RDWR);
}
static long try_floor_empty(void) {
    return open(floor_path, O_RDONLY | O_TRUNC);
}
static long try_floor_truncate(void) {
    return truncate(floor_path, 0);
}
static long try_floor_unlink(void) {
    return unlink(floor_path);
}
static long try_floor_rename(void) {
    return rename(floor_path, other_path);
}
static long try_floor_link(void) {
    return link("/etc/hostname", other_path);
}
static long try_floor_symlink(void) {
    return symlink("/nonexistent", other_path);
}
static long try_floor_create(void) {
    return open(other_path, O_WRONLY | O_CREAT, 0600);
}
static long try_floor_chmod(void) {
    return chmod(floor_path, 0);
}
static long try_floor_rmdir(void) {
    return rmdir(floors);
}
static long try_floor_mount(void) {
    return mount("none", floors, "tmpfs", 0, NULL);
}
static long try_floor_read(void) {
    return open(floor_path, O_RDONLY);
}

static void test_floors_are_not_written(void **state) {
    static long (*const attempts[])(void) = {
        try_floor_write,  try_floor_both,   try_floor_empty, try_floor_truncate,
        try_floor_unlink, try_floor_rename, try_floor_link,  try_floor_symlink,
        try_floor_create, try_floor_chmod,  try_floor_rmdir, try_floor_mount};
    char text[8] = "";
    int fd;

    assert_non_null(mkdtemp(floors));
    (void)snprintf(floor_path, sizeof(floor_path), "%s/gauge", floors);
    (void)snprintf(other_path, sizeof(other_path), "%s/other", floors);
    fd = open(floor_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && write(fd, "3\n", 2) == 2);
    assert_int_equal(fchmod(fd, 0666), 0);
    assert_int_equal(chmod(floors, 0777), 0);
    for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]); i++) {
        int r = attempt(attempts[i]);

        if (r != EPERM && r != EACCES && r != KILLED) {
            fail_msg("attempt %zu: %d", i, r);
        }
    }
    assert_int_equal(attempt(try_floor_read), EACCES);
    assert_int_equal(pread(fd, text, sizeof(text) - 1, 0), 2);
    assert_string_equal(text, "3\n");
    (void)close(fd);
    assert_int_equal(unlink(floor_path), 0);
    assert_int_equal(rmdir(floors), 0); /* nothing else is in it */
}

static long try_map_executable(void) {
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? -1
               : 0;
}
static long try_protect_executable(void) {
    void *memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mprotect(memory, 4096, PROT_READ | PROT_EXEC);
}
static long try_ioctl(void) {
    return ioctl(0, TIOCSTI, "x");
}
static long try_kill_parent(void) {
    return kill(getppid(), 0);
}
static long try_setuid(void) {
    return setresuid(0, 0, 0);
}
static long try_other_limits(void) {
    return syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, &(struct rlimit){1, 1}, NULL);
}
static long try_read_other_limits(void) {
    struct rlimit limit;

    return syscall(SYS_prlimit64, getppid(), RLIMIT_NOFILE, NULL, &limit);
}
static long try_own_limits(void) {
    struct rlimit limit;

    return syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &(struct rlimit){1, 1}, &limit);
}
static long try_dumpable_again(void) {
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

static void test_other_calls_refused(void **state) {
    assert_int_equal(attempt(try_map_executable), EPERM);
    assert_int_equal(attempt(try_protect_executable), EPERM);
    assert_int_equal(attempt(try_ioctl), EPERM);
    assert_int_equal(attempt(try_kill_parent), EPERM);
    assert_int_equal(attempt(try_setuid), EPERM);
    assert_int_equal(attempt(try_other_limits), EPERM);
    assert_int_equal(attempt(try_read_other_limits), EPERM);
    assert_int_equal(attempt(try_own_limits), EPERM);
    assert_int_equal(attempt(try_dumpable_again), EPERM);
}

// From outside: ids, capabilities, no_new_privs, filter, dumpable.
static void test_status_from_outside(void **state) {
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
    unsigned id = host_is_root() ? HOST_SUPERVISOR_UID : getuid();
    char text[64], wanted[64], path[64];
    struct stat st;
    int ends[2];

    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), errno);
    pid_t child = host_fork();

    if (child == 0) {
        attempt_confine();
        (void)send(ends[1], "x", 1, 0);
        for (;;) {
            (void)pause();
        }
    }
    assert_int_equal(read(ends[0], text, 1), 1);
    for (size_t i = 0; i < 5; i++) {
        inspect_status(child, sets[i], text, sizeof(text));
        // An ordinary user holds no CAP_SETPCAP to clear it with; no_new_privs makes it moot.
        if (host_is_root() || strcmp(sets[i], "CapBnd") != 0) {
            assert_string_equal(text, "0000000000000000");
        }
    }
    inspect_status(child, "NoNewPrivs", text, sizeof(text));
    assert_string_equal(text, "1");
    inspect_status(child, "Seccomp", text, sizeof(text));
    assert_string_equal(text, "2");
    (void)snprintf(wanted, sizeof(wanted), "%u\t%u\t%u\t%u", id, id, id, id);
    inspect_status(child, "Uid", text, sizeof(text));
    assert_string_equal(text, wanted);
    (void)snprintf(path, sizeof(path), "/proc/%d/status", child);
    assert_return_code(stat(path, &st), errno);
    assert_int_equal(st.st_uid, 0);
    assert_return_code(kill(child, SIGKILL), errno);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intruders_calls_killed),
        cmocka_unit_test(test_sockets_inet_only),
        cmocka_unit_test(test_files_only_the_resolvers_and_only_reading),
        cmocka_unit_test(test_floors_are_not_written),
        cmocka_unit_test(test_other_calls_refused),
        cmocka_unit_test(test_status_from_outside),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}

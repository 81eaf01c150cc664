// SPDX-License-Identifier: MIT

// The supervisor's own confinement: what it must still be able to do, and what it may not. Each
// attempt is made by a child that confined itself for good.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "tests/sandbox/host.h"

#define KILLED 1000 /* instead of an errno: SIGSYS */

static void confine(void) {
    const struct sandbox_options options = {
        .supervisor_uid = HOST_SUPERVISOR_UID, .worker_uid = HOST_WORKER_UID, .cpu = -1};
    struct layer_report reports[LAYERS_MAX];

    if (sandbox_confine_supervisor(&options, reports) < 0) {
        _exit(250);
    }
}

// The errno of ATTEMPT in a confined child (0: it worked), or KILLED.
static int attempt(long (*function)(void)) {
    pid_t child = host_fork();
    int status = 0;

    if (child == 0) {
        confine();
        errno = 0;
        long r = function();

        syscall(SYS_exit_group, r < 0 ? errno : 0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGSYS);
        return KILLED;
    }
    return WEXITSTATUS(status);
}

static long try_fork(void) {
    return syscall(SYS_fork);
}
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
static long try_i386(void) {
    long result = 20; /* getpid */

    __asm__ volatile("int $0x80" : "+a"(result)::"memory", "r8", "r9", "r10", "r11");
    return 0;
}
static long try_x32(void) {
    return syscall(0x40000000L | SYS_getpid);
}

static void test_intruders_calls_killed(void **state) {
    static long (*const attempts[])(void) = {
        try_fork,  try_clone,   try_thread, try_execve,   try_ptrace,
        try_mount, try_unshare, try_bpf,    try_io_uring, try_process_vm_writev,
        try_i386,  try_x32};

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
    assert_int_equal(attempt(try_open_hosts), 0);
    assert_int_equal(attempt(try_open_resolv), access("/etc/resolv.conf", R_OK) == 0 ? 0 : ENOENT);
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
    assert_int_equal(attempt(try_dumpable_again), EPERM);
}

// All that serving needs, in one go; the line that failed is the result.
#define NEED(condition)                                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, strerror(errno));   \
            errno = ENOTRECOVERABLE;                                                               \
            return -1;                                                                             \
        }                                                                                          \
    } while (0)

static long try_event_loop(void) {
    struct itimerspec soon = {.it_value = {.tv_nsec = 1000}};
    struct epoll_event event = {.events = EPOLLIN};
    sigset_t set;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    NEED(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    NEED(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) >= 0);
    NEED(timerfd_settime(timer, 0, &soon, NULL) == 0);
    NEED(epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event) == 0);
    NEED(epoll_wait(epoll, &event, 1, 1000) == 1);
    NEED(clock_gettime(CLOCK_REALTIME, &soon.it_value) == 0);
    NEED(realloc(malloc(300000), 9000000) != NULL);
    NEED(printf("%s", "") == 0 && fflush(stdout) == 0);
    return 0;
}

static long try_sockets(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1, n = 0;
    char byte = 'x';

    NEED(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0);
    NEED(bind(listener, (struct sockaddr *)&address, size) == 0);
    NEED(listen(listener, 1) == 0);
    NEED(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    NEED(connect(client, (struct sockaddr *)&address, size) == 0);
    int server = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    NEED(server >= 0);
    NEED(send(client, &byte, 1, MSG_NOSIGNAL) == 1);
    NEED(poll(&(struct pollfd){.fd = server, .events = POLLIN}, 1, 1000) == 1);
    NEED(ioctl(server, FIONREAD, &n) == 0 && n == 1);
    NEED(recv(server, &byte, 1, 0) == 1);
    NEED(shutdown(client, SHUT_RDWR) == 0);
    NEED(fcntl(client, F_SETFL, O_NONBLOCK) == 0);
    return 0;
}

static long try_image(void) {
    void *memory = NULL;
    int fd = fd_new_memory("image", 0, 1);

    NEED(fd >= 0);
    NEED(ftruncate(fd, 8192) == 0);
    NEED(pwrite(fd, "x", 1, 0) == 1);
    NEED(fchmod(fd, 0111) == 0);
    NEED(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK) == 0);
    NEED(fd_map(fd, 8192, 0, &memory) == 0);
    NEED(fchmod(fd, 0777) < 0);
    return 0;
}

static long try_filter_2(void) {
    struct sock_filter filter[WIRE_FILTER_MAX];

    NEED(sandbox_worker_filter(filter, WIRE_FILTER_MAX) > 0);
    return 0;
}

static void test_serving_works(void **state) {
    assert_int_equal(attempt(try_event_loop), 0);
    assert_int_equal(attempt(try_sockets), 0);
    assert_int_equal(attempt(try_image), 0);
    assert_int_equal(attempt(try_filter_2), 0);
}

static long try_bind(uint16_t port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    errno = 0;
    return bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

static long try_connect(uint16_t port) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    errno = 0;
    return connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

#define LISTEN_PORT 47391
#define CONNECT_PORT 47392
#define OTHER_PORT 47393

static long try_ports(void) {
    static const uint16_t listen_ports[] = {LISTEN_PORT}, connect_ports[] = {CONNECT_PORT};
    struct layer_report report;

    NEED(sandbox_confine_ports(listen_ports, 1, connect_ports, 1, false, &report) == 0);
    if (report.state == LAYER_FAILED && report.error == EOPNOTSUPP) {
        return 0; /* an older kernel, and it says so */
    }
    NEED(report.state == LAYER_ON);
    NEED(try_bind(LISTEN_PORT) == 0);
    NEED(try_bind(OTHER_PORT) == EACCES);
    NEED(try_connect(CONNECT_PORT) == ECONNREFUSED);
    NEED(try_connect(OTHER_PORT) == EACCES);
    return 0;
}

static long try_ports_any(void) {
    struct layer_report report;

    NEED(sandbox_confine_ports(NULL, 0, NULL, 0, true, &report) == 0);
    NEED(try_connect(OTHER_PORT) == ECONNREFUSED);
    NEED(report.state != LAYER_ON || try_bind(OTHER_PORT) == EACCES);
    return 0;
}

static void test_ports_only_listed(void **state) {
    assert_int_equal(attempt(try_ports), 0);
    assert_int_equal(attempt(try_ports_any), 0);
}

// The life of an app under a supervisor that has confined itself: nothing of it needs more.
static void live(void) {
    struct spawner_event event;
    struct host host;

    host_init_memory(&host);
    assert_int_equal(spawner_fork(&host.options, &host.descriptors, &host.spawner), 0);
    confine();
    (void)close(host.image);
    host.image = host_load_image();
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_READY);
    const struct worker_options options = {.app = "probe",
                                           .channel_size = WIRE_CHANNEL_SIZE(WIRE_ARENA_MIN)};

    assert_int_equal(spawner_configure(&host.spawner, host.image, &options), 0);
    event = host_run(&host, &(struct probe_command){.flags = PROBE_NO_CALL});
    assert_int_equal(event.code, CLD_EXITED);
    host_start(&host,
               &(struct probe_command){.flags = PROBE_FILTER_2 | PROBE_NO_CALL | PROBE_WAIT});
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_STARTED);
    assert_int_equal(spawner_kill(&host.spawner), 0);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.status, SIGKILL);
    host_done(&host);
}

static void test_spawner_works_after_confinement(void **state) {
    int status = 0;
    pid_t child = host_fork();

    if (child == 0) {
        live();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
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
        confine();
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
        cmocka_unit_test(test_other_calls_refused),
        cmocka_unit_test(test_serving_works),
        cmocka_unit_test(test_ports_only_listed),
        cmocka_unit_test(test_spawner_works_after_confinement),
        cmocka_unit_test(test_status_from_outside),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("supervisor", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

// What a supervisor must still be able to do once it has confined itself.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
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
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fd.h"
#include "tests/sandbox/attempt.h"
#include "tests/sandbox/host.h"

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

    NEED(sandbox_confine_ports(listen_ports, 1, connect_ports, 1, 0, &report) == 0);
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

    NEED(sandbox_confine_ports(NULL, 0, NULL, SANDBOX_PORTS_ANY, 0, &report) == 0);
    NEED(try_connect(OTHER_PORT) == ECONNREFUSED);
    NEED(report.state != LAYER_ON || try_bind(OTHER_PORT) == EACCES);
    return 0;
}

static long try_ports_listen_any(void) {
    struct layer_report report;

    NEED(sandbox_confine_ports(NULL, SANDBOX_PORTS_ANY, NULL, 0, 0, &report) == 0);
    NEED(try_bind(OTHER_PORT) == 0);
    NEED(report.state != LAYER_ON || try_connect(OTHER_PORT) == EACCES);
    return 0;
}

static long try_ports_all_any(void) {
    struct layer_report report;

    NEED(sandbox_confine_ports(NULL, SANDBOX_PORTS_ANY, NULL, SANDBOX_PORTS_ANY, 0, &report) == 0);
    NEED(report.state != LAYER_ON);
    NEED(try_bind(OTHER_PORT) == 0 && try_connect(OTHER_PORT) == ECONNREFUSED);
    return 0;
}

static void test_ports_only_listed(void **state) {
    assert_int_equal(attempt(try_ports), 0);
    assert_int_equal(attempt(try_ports_any), 0);
    assert_int_equal(attempt(try_ports_listen_any), 0);
    assert_int_equal(attempt(try_ports_all_any), 0);
}

// The life of an app under a supervisor that has confined itself: nothing of it needs more.
static void live(void) {
    struct spawner_event event;
    struct host host;

    host_init_memory(&host);
    assert_int_equal(spawner_fork(&host.options, &host.descriptors, &host.spawner), 0);
    attempt_confine();
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

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_serving_works),
        cmocka_unit_test(test_ports_only_listed),
        cmocka_unit_test(test_spawner_works_after_confinement),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("serving", tests, NULL, NULL);
}

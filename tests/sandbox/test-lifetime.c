// SPDX-License-Identifier: MIT

// Who dies with whom, what is left behind (nothing), and how the spawner answers requests that come
// at the wrong time.

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/spawner-child.h"
#include "tests/sandbox/host.h"

#define ROUNDS 12
#define RESTARTS 100

static const struct probe_command sleeper = {.flags = PROBE_FILTER_2 | PROBE_NO_CALL | PROBE_WAIT};

static void sleep_usec(long usec) {
    (void)nanosleep(&(struct timespec){.tv_nsec = usec * 1000}, NULL);
}

static void wait_gone(pid_t pid) {
    for (int i = 0; i < 5000 && inspect_exists(pid); i++) {
        sleep_usec(1000);
    }
    assert_false(inspect_exists(pid));
}

static pid_t start_sleeper(struct host *host) {
    struct spawner_event event;

    host_start(host, &sleeper);
    assert_int_equal(host_event(host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_STARTED);
    host_wait_stage(host, PROBE_STARTED);
    return inspect_child(host->spawner.pid);
}

static void test_worker_killed_ended_is_told(void **state) {
    struct spawner_event event;
    struct host host;

    host_init(&host);
    pid_t worker = start_sleeper(&host);

    assert_int_equal(spawner_kill(&host.spawner), 0);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_ENDED);
    assert_int_equal(event.code, CLD_KILLED);
    assert_int_equal(event.status, SIGKILL);
    assert_int_equal(event.generation, 1);
    assert_false(inspect_exists(worker));
    host_done(&host);
}

static void test_kill_without_worker_is_harmless(void **state) {
    struct host host;

    host_init(&host);
    assert_int_equal(spawner_kill(&host.spawner), 0);
    struct spawner_event event = host_run(&host, &(struct probe_command){.flags = PROBE_NO_CALL});

    assert_int_equal(event.code, CLD_EXITED);
    assert_int_equal(event.status, 0);
    host_done(&host);
}

static void test_start_twice_refused(void **state) {
    struct spawner_event event;
    struct host host;

    host_init(&host);
    pid_t worker = start_sleeper(&host);

    assert_int_equal(spawner_start(&host.spawner, 7), 0);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_FAILED);
    assert_int_equal(event.generation, 7);
    assert_int_equal(event.error, EBUSY);
    assert_true(inspect_exists(worker));
    host_done(&host);
    assert_false(inspect_exists(worker));
}

static void test_start_before_configure_refused(void **state) {
    struct spawner_event event;
    struct host host;

    host_init_memory(&host);
    assert_int_equal(spawner_fork(&host.options, &host.descriptors, &host.spawner), 0);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_READY);
    assert_int_equal(spawner_start(&host.spawner, 1), 0);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_FAILED);
    assert_int_equal(event.error, EINVAL);
    host_done(&host);
}

static void test_request_malformed_ends_spawner(void **state) {
    struct spawner_event event;
    struct host host;

    host_init(&host);
    pid_t worker = start_sleeper(&host);

    assert_int_equal(send(host.spawner.socket, "short", 5, 0), 5);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_FAILED);
    assert_string_equal(event.what, "a request");
    assert_int_equal(host_event(&host, &event), -ECONNRESET);
    wait_gone(worker);
    host_done(&host);
}

static void test_spawner_killed_worker_dies(void **state) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct spawner_event event;
        struct host host;

        host_init(&host);
        pid_t spawner = host.spawner.pid;
        pid_t worker = start_sleeper(&host);

        // Another id: only where the test may signal it. The pidfd stands for the right process.
        assert_true(worker > 0);
        assert_int_equal(syscall(SYS_pidfd_send_signal, host.spawner.pidfd, SIGKILL, NULL, 0), 0);
        while (host_event(&host, &event) == 1) {
        }
        host_done(&host);
        assert_false(inspect_exists(spawner));
        wait_gone(worker);
    }
}

// The supervisor is killed DELAY after it asked for a worker: at any moment of its start.
static void kill_supervisor(unsigned delay_usec) {
    int ends[2];
    pid_t pids[2] = {0};

    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), errno);
    pid_t supervisor = host_fork();

    if (supervisor == 0) {
        struct host host;

        host_init(&host);
        host_start(&host, &sleeper);
        (void)send(ends[1], &host.spawner.pid, sizeof(pid_t), 0);
        for (;;) {
            (void)pause();
        }
    }
    (void)close(ends[1]);
    assert_int_equal(recv(ends[0], &pids[0], sizeof(pid_t), 0), sizeof(pid_t));
    sleep_usec(delay_usec);
    pids[1] = inspect_child(pids[0]);
    assert_return_code(kill(supervisor, SIGKILL), errno);
    assert_int_equal(waitpid(supervisor, NULL, 0), supervisor);
    wait_gone(pids[0]);
    if (pids[1] > 0) {
        wait_gone(pids[1]);
    }
    (void)close(ends[0]);
}

static void test_supervisor_killed_leaves_no_orphan(void **state) {
    for (unsigned i = 0; i < ROUNDS; i++) {
        kill_supervisor(i * 100);
    }
}

// A spawner that cannot react (stopped) still dies with its supervisor.
static void test_supervisor_killed_stopped_spawner_dies(void **state) {
    int ends[2];
    pid_t spawner = 0;

    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), errno);
    pid_t supervisor = host_fork();

    if (supervisor == 0) {
        struct host host;

        host_init(&host);
        (void)start_sleeper(&host);
        (void)syscall(SYS_pidfd_send_signal, host.spawner.pidfd, SIGSTOP, NULL, 0);
        (void)send(ends[1], &host.spawner.pid, sizeof(pid_t), 0);
        for (;;) {
            (void)pause();
        }
    }
    (void)close(ends[1]);
    assert_int_equal(recv(ends[0], &spawner, sizeof(pid_t), 0), sizeof(pid_t));
    pid_t worker = inspect_child(spawner);

    assert_return_code(kill(supervisor, SIGKILL), errno);
    assert_int_equal(waitpid(supervisor, NULL, 0), supervisor);
    wait_gone(spawner);
    wait_gone(worker);
    (void)close(ends[0]);
}

// Nothing restarts a stopped read with a call of its own that the filter would have to admit.
static void test_worker_stopped_and_continued_sleeps_on(void **state) {
    struct spawner_event event;
    struct host host;
    uint64_t one = 1;

    host_init(&host);
    pid_t worker = start_sleeper(&host);

    for (int i = 0; i < 50; i++) {
        assert_return_code(kill(worker, SIGSTOP), errno);
        sleep_usec(i * 10);
        assert_return_code(kill(worker, SIGCONT), errno);
    }
    assert_int_equal(write(host.descriptors.sleep, &one, sizeof(one)), sizeof(one));
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_ENDED);
    assert_int_equal(event.code, CLD_EXITED);
    assert_int_equal(event.status, 0);
    host_done(&host);
}

static int count_of(pid_t pid) {
    char text[4096];
    int n = 0;

    if (inspect_directory(text, sizeof(text), "/proc/%d/fd", pid) < 0) {
        return -1; /* not ours to see: the same before and after */
    }
    for (const char *at = text; *at; at++) {
        n += *at == '\n';
    }
    return n;
}

static void test_restart_100_times_no_descriptor_more(void **state) {
    struct host host;

    host_init(&host);
    struct spawner_event event = host_run(&host, &(struct probe_command){.flags = PROBE_NO_CALL});
    int ours = count_descriptors();
    int spawners = count_of(host.spawner.pid);

    for (int i = 0; i < RESTARTS; i++) {
        event = host_run(&host, &(struct probe_command){.number = SYS_getpid});
        assert_int_equal(event.status, SIGSYS);
    }
    assert_int_equal(count_descriptors(), ours);
    assert_int_equal(count_of(host.spawner.pid), spawners);
    host_done(&host);
}

static void test_spawner_done_and_again_no_descriptor_more(void **state) {
    int before = count_descriptors();

    for (int i = 0; i < ROUNDS; i++) {
        struct host host;

        host_init(&host);
        (void)start_sleeper(&host);
        host_done(&host);
        assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), 0); /* the inspector alone is left */
    }
    assert_int_equal(count_descriptors(), before);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worker_killed_ended_is_told),
        cmocka_unit_test(test_kill_without_worker_is_harmless),
        cmocka_unit_test(test_start_twice_refused),
        cmocka_unit_test(test_start_before_configure_refused),
        cmocka_unit_test(test_request_malformed_ends_spawner),
        cmocka_unit_test(test_spawner_killed_worker_dies),
        cmocka_unit_test(test_supervisor_killed_leaves_no_orphan),
        cmocka_unit_test(test_supervisor_killed_stopped_spawner_dies),
        cmocka_unit_test(test_worker_stopped_and_continued_sleeps_on),
        cmocka_unit_test(test_restart_100_times_no_descriptor_more),
        cmocka_unit_test(test_spawner_done_and_again_no_descriptor_more),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("lifetime", tests, NULL, NULL);
}

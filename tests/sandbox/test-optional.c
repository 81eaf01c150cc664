// SPDX-License-Identifier: MIT

// Hosts that deny namespaces, as container runtimes do: by a seccomp filter that answers clone with
// EPERM. What is required fails loudly, what is optional is done without, and is not called on.

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sandbox/host.h"

#define ALL_NAMESPACES "user-namespace, mount-namespace,pid-namespace,net-namespace"

static void deny(int number, unsigned argument, uint64_t mask) {
    scmp_filter_ctx context = seccomp_init(SCMP_ACT_ALLOW);

    assert_non_null(context);
    assert_int_equal(seccomp_rule_add(context, SCMP_ACT_ERRNO(EPERM), number, 1,
                                      SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, mask)),
                     0);
    assert_int_equal(seccomp_load(context), 0);
    seccomp_release(context);
}

// Runs FUNCTION in a process of its own: a filter cannot be taken off again.
static void apart(void (*function)(void)) {
    int status = 0;
    pid_t child = host_fork();

    if (child == 0) {
        function();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static const struct layer_report *find_report(const struct spawner_event *event, const char *name) {
    for (uint32_t i = 0; i < event->n_reports; i++) {
        if (strcmp(event->reports[i].name, name) == 0) {
            return &event->reports[i];
        }
    }
    fail_msg("no report of %s", name);
    abort();
}

static void assert_worker_is_filtered(struct host *host) {
    struct spawner_event event = host_run(host, &(struct probe_command){.number = SYS_getpid});

    assert_int_not_equal(event.code, CLD_EXITED);
    assert_int_equal(event.status, SIGSYS);
}

// The words go to standard error; the reader of a log sees them, so the test does.
static void net_required(void) {
    char text[512] = "";
    struct host host;
    int ends[2];

    deny(SCMP_SYS(clone), 0, CLONE_NEWNET);
    host_init_memory(&host);
    assert_return_code(pipe(ends), errno);
    assert_return_code(dup2(ends[1], STDERR_FILENO), errno);
    assert_int_equal(spawner_fork(&host.options, &host.descriptors, &host.spawner), -EPERM);
    assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
    assert_non_null(strstr(text, "net-namespace: clone: Operation not permitted (is "
                                 "user.max_user_namespaces 0, or a container denying it?); "
                                 "\"[sandbox] optional = net-namespace\" does without"));
    assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
}

static void test_namespace_denied_required_fork_fails(void **state) {
    apart(net_required);
}

static void net_optional(void) {
    struct host host;

    deny(SCMP_SYS(clone), 0, CLONE_NEWNET);
    host_init_memory(&host);
    host.options.optional = "landlock,net-namespace";
    host_init_spawner(&host);
    const struct layer_report *net = find_report(&host.ready, "net-namespace");

    assert_int_equal(net->state, LAYER_FAILED);
    assert_int_equal(net->error, EPERM);
    assert_int_equal(net->required, 0);
    assert_int_equal(find_report(&host.ready, "pid-namespace")->state, LAYER_ON);
    assert_int_equal(find_report(&host.ready, "empty-root")->state, LAYER_ON);
    assert_worker_is_filtered(&host);
    host_done(&host);
}

static void test_namespace_denied_optional_others_stay(void **state) {
    apart(net_optional);
}

static void none_at_all(bool with_signal) {
    struct spawner_event event;
    struct host host;

    deny(SCMP_SYS(clone), 0, CLONE_NEWUSER);
    deny(SCMP_SYS(clone), 0, CLONE_NEWNS);
    deny(SCMP_SYS(clone), 0, CLONE_NEWPID);
    deny(SCMP_SYS(clone), 0, CLONE_NEWNET);
    host_init_memory(&host);
    host.options.optional = ALL_NAMESPACES;
    host_init_spawner(&host);
    assert_int_equal(find_report(&host.ready, "mount-namespace")->state, LAYER_FAILED);
    assert_int_equal(find_report(&host.ready, "empty-root")->state, LAYER_FAILED);
    assert_string_equal(find_report(&host.ready, "empty-root")->why, "needs mount-namespace");
    assert_int_equal(find_report(&host.ready, "capabilities")->state, LAYER_ON);
    assert_worker_is_filtered(&host);

    // Without a pid namespace the worker still goes with its spawner, however that ends.
    host_start(&host, &(struct probe_command){.flags = PROBE_NO_CALL | PROBE_WAIT});
    assert_int_equal(host_event(&host, &event), 1);
    pid_t worker = inspect_child(host.spawner.pid);

    assert_int_equal(worker, event.pid);
    assert_true(inspect_exists(worker));
    if (with_signal) {
        (void)syscall(SYS_pidfd_send_signal, host.spawner.pidfd, SIGKILL, NULL, 0);
    }
    host_done(&host);
    for (int i = 0; i < 1000 && inspect_exists(worker); i++) {
        (void)usleep(1000);
    }
    assert_false(inspect_exists(worker));
}

static void none_and_done(void) {
    none_at_all(false);
}

static void none_and_killed(void) {
    none_at_all(true);
}

static void test_all_namespaces_denied_optional_worker_confined(void **state) {
    apart(none_and_done);
    apart(none_and_killed);
}

static void expect_failure(int number, unsigned argument, uint64_t mask, const char *what) {
    struct spawner_event event;
    struct host host;

    deny(number, argument, mask);
    host_init_memory(&host);
    assert_int_equal(spawner_fork(&host.options, &host.descriptors, &host.spawner), 0);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_FAILED);
    assert_int_equal(event.error, EPERM);
    assert_string_equal(event.what, what);
    assert_int_equal(host_event(&host, &event), -ECONNRESET);
    host_done(&host);
}

static void no_mount(void) {
    expect_failure(SCMP_SYS(mount), 3, 0, "empty-root: mount private");
}

static void no_filter(void) {
    expect_failure(SCMP_SYS(seccomp), 0, 1, "filter: seccomp");
}

static void test_layer_denied_required_spawner_fails(void **state) {
    apart(no_mount);
}

static void test_filter_denied_rehearsal_fails(void **state) {
    apart(no_filter);
}

static void no_landlock(void) {
    struct sandbox_options options = {
        .supervisor_uid = HOST_SUPERVISOR_UID, .worker_uid = HOST_WORKER_UID, .cpu = -1};
    struct layer_report reports[LAYERS_MAX];

    deny(SCMP_SYS(landlock_create_ruleset), 0, 0);
    assert_int_equal(sandbox_confine_supervisor(&options, reports), -EPERM);
    options.optional = "ids landlock";
    // What is there already is kept: a second try from here finds root gone.
    int n = sandbox_confine_supervisor(&options, reports);

    assert_true(n > 0);
    for (int i = 0; i < n; i++) {
        if (strcmp(reports[i].name, "landlock") == 0) {
            assert_int_equal(reports[i].state, LAYER_FAILED);
            assert_int_equal(reports[i].error, EPERM);
            return;
        }
    }
    fail_msg("no report of landlock");
}

static void test_landlock_denied_optional_or_not(void **state) {
    apart(no_landlock);
}

static void test_layer_names_known(void **state) {
    assert_true(sandbox_is_layer("landlock", 8));
    assert_true(sandbox_is_layer("net-namespace,ids", 13));
    assert_false(sandbox_is_layer("net-namespac", 12));
    assert_false(sandbox_is_layer("net-namespaces", 14));
    assert_false(sandbox_is_layer("", 0));
}

static void test_layer_name_misspelt_fork_fails(void **state) {
    struct host host;

    host_init_memory(&host);
    host.options.optional = "landlock, net-namespaces";
    assert_int_equal(spawner_fork(&host.options, &host.descriptors, &host.spawner), -EINVAL);
    host_done(&host);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_namespace_denied_required_fork_fails),
        cmocka_unit_test(test_namespace_denied_optional_others_stay),
        cmocka_unit_test(test_all_namespaces_denied_optional_worker_confined),
        cmocka_unit_test(test_layer_denied_required_spawner_fails),
        cmocka_unit_test(test_filter_denied_rehearsal_fails),
        cmocka_unit_test(test_landlock_denied_optional_or_not),
        cmocka_unit_test(test_layer_names_known),
        cmocka_unit_test(test_layer_name_misspelt_fork_fails),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("optional", tests, NULL, NULL);
}

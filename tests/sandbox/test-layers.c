// SPDX-License-Identifier: MIT

// Every layer of a running spawner and worker, as /proc shows it from outside.

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/spawner-child.h"
#include "tests/sandbox/host.h"

static struct host host;
static pid_t processes[2]; /* spawner and worker */

static int set_up(void **state) {
    struct probe_command command = {.flags = PROBE_FILTER_2 | PROBE_NO_CALL | PROBE_WAIT};
    struct spawner_event event;

    host_init(&host);
    host_start(&host, &command);
    assert_int_equal(host_event(&host, &event), 1);
    assert_int_equal(event.kind, SPAWNER_STARTED);
    host_wait_stage(&host, PROBE_STARTED);
    processes[0] = host.spawner.pid;
    processes[1] = inspect_child(host.spawner.pid);
    assert_true(processes[1] > 0);
    return 0;
}

static int tear_down(void **state) {
    host_done(&host);
    assert_false(inspect_exists(processes[0]));
    assert_false(inspect_exists(processes[1]));
    return 0;
}

static void test_reports_all_required_on(void **state) {
    const struct spawner_event *ready = &host.ready;
    const struct layer_report *last = &ready->reports[ready->n_reports - 1];

    for (uint32_t i = 0; i < ready->n_reports; i++) {
        const struct layer_report *report = &ready->reports[i];
        int is_off = strcmp(report->name, "cpu") == 0 ||
                     strcmp(report->name, host_is_root() ? "user-namespace" : "ids") == 0;

        print_message("  %d %-16s %s %s\n", report->process, report->name,
                      report->state == LAYER_ON    ? "on"
                      : report->state == LAYER_OFF ? "off"
                                                   : "FAILED",
                      report->why);
        if (report->required) {
            assert_int_equal(report->state, is_off ? LAYER_OFF : LAYER_ON);
        }
        if (report->state != LAYER_ON) {
            assert_true(report->why[0] != '\0');
        }
        assert_int_not_equal(report->error, ENODEV); // what no such machine has is no failure
    }
    assert_int_equal(last->process, LAYER_WORKER);
    assert_string_equal(last->name, "filter");
}

static void test_capabilities_none_in_any_set(void **state) {
    static const char *const sets[] = {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"};
    char text[64];

    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 5; k++) {
            inspect_status(processes[i], sets[k], text, sizeof(text));
            assert_string_equal(text, "0000000000000000");
        }
    }
}

static void test_status_no_new_privs_and_filters(void **state) {
    char text[64];

    for (size_t i = 0; i < 2; i++) {
        inspect_status(processes[i], "NoNewPrivs", text, sizeof(text));
        assert_string_equal(text, "1");
    }
    inspect_status(processes[1], "Seccomp", text, sizeof(text));
    assert_string_equal(text, "2");
    inspect_status(processes[1], "Threads", text, sizeof(text));
    assert_string_equal(text, "1");
}

static void test_ids_as_root_differ(void **state) {
    unsigned id = host_is_root() ? HOST_WORKER_UID : getuid();
    char wanted[64], text[64];

    (void)snprintf(wanted, sizeof(wanted), "%u\t%u\t%u\t%u", id, id, id, id);
    for (size_t i = 0; i < 2; i++) {
        inspect_status(processes[i], "Uid", text, sizeof(text));
        assert_string_equal(text, wanted);
        inspect_status(processes[i], "Groups", text, sizeof(text));
        assert_int_equal(strspn(text, " "), strlen(text));
    }
}

static void test_namespaces_differ(void **state) {
    static const char *const names[] = {"mnt", "pid", "net", "user"};
    char ours[64], theirs[64];

    if (!host_may_inspect()) {
        skip();
    }
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < (host_is_root() ? 3 : 4); k++) {
            assert_true(inspect_link(ours, sizeof(ours), "/proc/%d/ns/%s", getpid(), names[k]) > 0);
            assert_true(
                inspect_link(theirs, sizeof(theirs), "/proc/%d/ns/%s", processes[i], names[k]) > 0);
            assert_string_not_equal(ours, theirs);
        }
    }
}

static void test_spawner_is_pid_1_inside(void **state) {
    char text[64];

    inspect_status(processes[0], "NSpid", text, sizeof(text));
    assert_string_equal(strrchr(text, '\t'), "\t1");
}

static void test_root_empty_and_read_only(void **state) {
    char text[4096];

    if (!host_may_inspect()) {
        skip();
    }
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(inspect_directory(text, sizeof(text), "/proc/%d/root", processes[i]), 0);
        assert_int_equal(inspect_link(text, sizeof(text), "/proc/%d/cwd", processes[i]), 1);
        assert_string_equal(text, "/");
        assert_true(inspect_file(text, sizeof(text), "/proc/%d/mounts", processes[i]) > 0);
        // One line, one mount.
        assert_memory_equal(text, "tmpfs / tmpfs ro,nosuid,nodev,noexec", 36);
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    }
}

static void test_net_only_loopback_down(void **state) {
    char text[4096];

    assert_true(inspect_file(text, sizeof(text), "/proc/%d/net/dev", processes[1]) > 0 ||
                !host_may_inspect());
    assert_null(strstr(text, "eth"));
    if (host_may_inspect()) {
        assert_int_equal(inspect_file(text, sizeof(text), "/proc/%d/net/fib_trie", processes[1]),
                         0);
    }
}

static void test_worker_descriptors_are_two_eventfds(void **state) {
    char text[256];

    if (!host_may_inspect()) {
        skip();
    }
    assert_int_equal(inspect_directory(text, sizeof(text), "/proc/%d/fd", processes[1]), 4);
    assert_non_null(strstr(text, "0\n"));
    assert_non_null(strstr(text, "1\n"));
    for (int fd = 0; fd < 2; fd++) {
        assert_true(inspect_link(text, sizeof(text), "/proc/%d/fd/%d", processes[1], fd) > 0);
        assert_string_equal(text, "anon_inode:[eventfd]");
    }
}

// Its own copies of the worker's four, the socket, the image and the worker's pidfd.
static void test_spawner_descriptors_are_known(void **state) {
    char text[256];

    if (!host_may_inspect()) {
        skip();
    }
    assert_int_equal(inspect_directory(text, sizeof(text), "/proc/%d/fd", processes[0]), 14);
    assert_true(
        inspect_link(text, sizeof(text), "/proc/%d/fd/%d", processes[0], SPAWNER_FD_SOCKET) > 0);
    assert_memory_equal(text, "socket:", 7);
    assert_true(inspect_link(text, sizeof(text), "/proc/%d/fd/%d", processes[0], SPAWNER_FD_IMAGE) >
                0);
    assert_memory_equal(text, "/memfd:probe", 12);
}

static void assert_limit(const char *limits, const char *name, const char *value) {
    const char *line = strstr(limits, name);
    char found[64] = "";

    assert_non_null(line);
    assert_int_equal(sscanf(line + strlen(name), " %63s", found), 1);
    assert_string_equal(found, value);
}

static void test_limits_in_force(void **state) {
    char text[4096];

    assert_true(inspect_file(text, sizeof(text), "/proc/%d/limits", processes[1]) > 0);
    assert_limit(text, "Max file size", "0");
    assert_limit(text, "Max core file size", "1");
    assert_limit(text, "Max locked memory", "0");
    assert_limit(text, "Max processes", "0");
    assert_limit(text, "Max open files", "4");
    assert_limit(text, "Max stack size", "262144");
    assert_limit(text, "Max address space", "67108864");
    assert_true(inspect_file(text, sizeof(text), "/proc/%d/limits", processes[0]) > 0);
    assert_limit(text, "Max open files", "16");
    assert_limit(text, "Max file size", "0");
}

// proc(5): what belongs to a process that is not dumpable belongs to root.
static void test_not_dumpable_belongs_to_root(void **state) {
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        struct stat st;

        (void)snprintf(path, sizeof(path), "/proc/%d/status", processes[i]);
        assert_return_code(stat(path, &st), errno);
        assert_int_equal(st.st_uid, 0);
    }
}

// Another process of the worker's own id, outside: what it can do to PID, or 0.
static const char *intrude(pid_t pid) {
    static const char *const names[] = {"mem", "fd", "root", "ns/user", "exe", "environ"};
    char path[64], byte = 0;
    struct iovec here = {&byte, 1}, there = {(void *)0x400000, 1};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, names[i]);
        if (open(path, O_RDONLY) >= 0 || errno != EACCES) {
            return names[i];
        }
    }
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == 0 || errno != EPERM) {
        return "ptrace";
    }
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno != EPERM) {
        return "process_vm_readv";
    }
    return NULL;
}

static void test_same_id_outside_cannot_look_in(void **state) {
    int status = 0;
    pid_t child = host_fork();

    if (child == 0) {
        if (host_is_root()) {
            assert_return_code(setgroups(0, NULL), errno);
            assert_return_code(setresgid(HOST_WORKER_UID, HOST_WORKER_UID, HOST_WORKER_UID), errno);
            assert_return_code(setresuid(HOST_WORKER_UID, HOST_WORKER_UID, HOST_WORKER_UID), errno);
        }
        for (size_t i = 0; i < 2; i++) {
            const char *way = intrude(processes[i]);

            if (way) {
                fail_msg("process %zu can be reached by %s", i, way);
            }
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_titles_and_environment(void **state) {
    char text[4096];

    assert_true(inspect_file(text, sizeof(text), "/proc/%d/cmdline", processes[0]) > 0);
    assert_string_equal(text, "mpyd: spawner probe");
    assert_int_equal(inspect_file(text, sizeof(text), "/proc/%d/cmdline", processes[1]), 6);
    assert_string_equal(text, "probe");
    if (host_may_inspect()) {
        assert_int_equal(inspect_file(text, sizeof(text), "/proc/%d/environ", processes[1]), 0);
    }
}

static void test_memory_never_writable_and_executable(void **state) {
    static char text[32768];

    if (!host_may_inspect()) {
        skip();
    }
    assert_true(inspect_file(text, sizeof(text), "/proc/%d/maps", processes[1]) > 0);
    assert_null(strstr(text, " rwx"));
    assert_non_null(strstr(text, "rw-s"));
}

static void test_session_of_its_own(void **state) {
    assert_int_equal(getsid(processes[0]), processes[0]);
    assert_int_equal(getsid(processes[1]), processes[0]);
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reports_all_required_on),
        cmocka_unit_test(test_capabilities_none_in_any_set),
        cmocka_unit_test(test_status_no_new_privs_and_filters),
        cmocka_unit_test(test_ids_as_root_differ),
        cmocka_unit_test(test_namespaces_differ),
        cmocka_unit_test(test_spawner_is_pid_1_inside),
        cmocka_unit_test(test_root_empty_and_read_only),
        cmocka_unit_test(test_net_only_loopback_down),
        cmocka_unit_test(test_worker_descriptors_are_two_eventfds),
        cmocka_unit_test(test_spawner_descriptors_are_known),
        cmocka_unit_test(test_limits_in_force),
        cmocka_unit_test(test_not_dumpable_belongs_to_root),
        cmocka_unit_test(test_same_id_outside_cannot_look_in),
        cmocka_unit_test(test_titles_and_environment),
        cmocka_unit_test(test_memory_never_writable_and_executable),
        cmocka_unit_test(test_session_of_its_own),
    };

    host_main_init(argc, argv);
    return cmocka_run_group_tests_name("layers", tests, set_up, tear_down);
}

// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/control/control-peer.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_users_are_described_by_what_is_known(void **state) {
    static const struct {
        struct control_peers peers;
        uid_t uid;
        const char *who;
    } rows[] = {
        {{.hides_users = false}, 0, "user 0"},
        {{.hides_users = false}, CONTROL_HIDDEN, "user 65534"},
        {{.hides_users = false, .is_guarded = true}, CONTROL_HIDDEN, "user 65534"},
        {{.hides_users = true}, 0, "user 0"},
        {{.hides_users = true, .is_guarded = true}, 0, "user 0"},
        {{.hides_users = true}, CONTROL_HIDDEN, "a user whose number is hidden"},
        {{.hides_users = true, .is_guarded = true}, CONTROL_HIDDEN, "a user of the group mpyd"},
    };

    for (size_t i = 0; i < N(rows); i++) {
        char who[CONTROL_WHO_SIZE] = "";

        control_peers_describe(&rows[i].peers, rows[i].uid, who);
        assert_string_equal(who, rows[i].who);
    }
}

// As the manager makes a user namespace for PrivateUsers=: nobody is in it but who starts there.
static bool enter_user_namespace(void) {
    char map[64];
    int n = snprintf(map, sizeof(map), "0 %u 1", getuid());
    CLEANUP_FD int fd = -1;

    if (unshare(CLONE_NEWUSER) < 0) {
        return false;
    }
    fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, map, (size_t)n) == n;
}

static void test_users_are_hidden_in_a_namespace_without_them(void **state) {
    struct control_peers peers;
    int status = -1;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        _exit(!enter_user_namespace()          ? 2
              : control_peers_now(&peers) != 0 ? 3
              : peers.hides_users              ? 0
                                               : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2) {
        skip(); /* a chroot, or a kernel that lets no user make namespaces */
    }
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_users_are_described_by_what_is_known),
        cmocka_unit_test(test_users_are_hidden_in_a_namespace_without_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

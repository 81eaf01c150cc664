// SPDX-License-Identifier: MIT
#include "tests/sandbox/attempt.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/sandbox/host.h"

int attempt_state_fd;

void attempt_confine(void) {
    const struct sandbox_options options = {
        .supervisor_uid = HOST_SUPERVISOR_UID,
        .worker_uid = HOST_WORKER_UID,
        .cpu = -1,
        .state_fd = attempt_state_fd,
    };
    struct layer_report reports[LAYERS_MAX];

    if (sandbox_confine_supervisor(&options, reports) < 0) {
        _exit(250);
    }
}

int attempt(long (*function)(void)) {
    pid_t child = host_fork();
    int status = 0;

    if (child == 0) {
        attempt_confine();
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

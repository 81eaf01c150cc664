// SPDX-License-Identifier: MIT
#include "ctl/program.h"
#include "ctl/exit.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define OUTPUT_MAX (4u << 20)

int program_finish_output(void) {
    if (ferror(stdout) || fflush(stdout) == EOF) {
        (void)log_errno(errno ? errno : EIO, "cannot write to standard output");
        return CTL_INTERNAL;
    }
    return CTL_DONE;
}

int program_become(const char *const *arguments) {
    int r = program_finish_output();

    if (r != CTL_DONE) {
        return r;
    }
    (void)execvp(arguments[0], (char *const *)arguments);
    if (errno == ENOENT) {
        log_error("%s is not installed here", arguments[0]);
        return CTL_FAILED;
    }
    (void)log_errno(errno, "cannot run %s", arguments[0]);
    return CTL_INTERNAL;
}

static int wait_for(pid_t pid) {
    int status;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -errno;
        }
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program_run(const char *const *arguments) {
    pid_t pid;
    int r = posix_spawnp(&pid, arguments[0], NULL, NULL, (char *const *)arguments, environ);

    return r ? -r : wait_for(pid);
}

// Starts the program with its output in a pipe. Returns 0, *ret_pid and *ret_fd, the caller's.
static int start(const char *const *arguments, bool is_quiet, pid_t *ret_pid, int *ret_fd) {
    posix_spawn_file_actions_t actions;
    int ends[2], r;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -errno;
    }
    r = posix_spawn_file_actions_init(&actions);
    if (r == 0) {
        r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        r = r ? r : posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        if (r == 0 && is_quiet) {
            r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        }
        r = r ? r
              : posix_spawnp(ret_pid, arguments[0], &actions, NULL, (char *const *)arguments,
                             environ);
        (void)posix_spawn_file_actions_destroy(&actions);
    }
    close_fd(ends[1]);
    if (r) {
        close_fd(ends[0]);
        return -r;
    }
    *ret_fd = ends[0];
    return 0;
}

int program_read(const char *const *arguments, bool is_quiet, struct file *ret_output) {
    CLEANUP(file_done) struct file output = FILE_INIT;
    CLEANUP_FD int fd = -1;
    pid_t pid = -1;
    int r = start(arguments, is_quiet, &pid, &fd), status;

    if (r < 0) {
        return r;
    }
    r = file_read_descriptor(fd, OUTPUT_MAX, &output);
    fd = close_fd(fd); // one that still writes gets SIGPIPE
    status = wait_for(pid);
    if (r < 0) {
        return r;
    }
    *ret_output = output;
    output = (struct file)FILE_INIT;
    return status;
}

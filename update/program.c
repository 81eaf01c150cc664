// SPDX-License-Identifier: MIT
#include "update/program.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

extern char **environ;

// Standard output goes to OUTPUT, unless that is negative.
static int start(char *const arguments[], int output, pid_t *ret_pid) {
    posix_spawn_file_actions_t actions;
    int r = posix_spawn_file_actions_init(&actions);

    if (r == 0 && output >= 0) {
        r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    }
    if (r == 0) {
        r = posix_spawnp(ret_pid, arguments[0], &actions, NULL, arguments, environ);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return -r;
}

static int finish(pid_t pid) {
    int status = 0;

    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -errno;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

int program_run(char *const arguments[]) {
    pid_t pid = -1;
    int r = start(arguments, -1, &pid);

    return r < 0 ? r : finish(pid);
}

// To the end, so that who writes is not held up.
static int read_all(int fd, char *output, size_t size) {
    size_t done = 0;
    char rest[256];

    for (;;) {
        bool is_full = done + 1 >= size;
        ssize_t n =
            read(fd, is_full ? rest : output + done, is_full ? sizeof(rest) : size - 1 - done);

        if (n < 0 && errno != EINTR) {
            return -errno;
        }
        if (n == 0) {
            output[done < size ? done : size - 1] = '\0';
            return done < size ? 0 : -EFBIG;
        }
        done = n < 0 ? done : is_full ? size : done + (size_t)n;
    }
}

int program_read(char *const arguments[], char *output, size_t size) {
    CLEANUP_FD int from = -1, to = -1;
    int ends[2] = {-1, -1}, r, finished;
    pid_t pid = -1;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -errno;
    }
    from = ends[0];
    to = ends[1];
    r = start(arguments, to, &pid);
    if (r < 0) {
        return r;
    }
    to = close_fd(to);
    r = read_all(from, output, size);
    finished = finish(pid);
    return r < 0 ? r : finished;
}

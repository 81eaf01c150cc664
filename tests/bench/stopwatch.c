// SPDX-License-Identifier: MIT

// How long a program takes: stopwatch TEXT COMMAND...
//
// Prints the microseconds from before its vfork until it has written a line with TEXT in it to its
// standard output or error, or with TEXT empty until it has ended. A program that wrote it is then
// asked to end (SIGTERM). Status 1 if the text did not come or the program ended otherwise than
// with 0.

#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/slices.h"

static char said[65536];

static pid_t start_program(char **words, int output) {
    pid_t pid = vfork();

    if (pid < 0) {
        err(1, "vfork");
    }
    if (pid == 0) {
        if (dup2(output, STDOUT_FILENO) >= 0 && dup2(output, STDERR_FILENO) >= 0) {
            (void)execvp(words[0], words);
        }
        _exit(127);
    }
    return pid;
}

static void wait_text(int input, const char *text, const char *program) {
    size_t size = 0;

    while (!strstr(said, text)) {
        ssize_t n = read(input, said + size, sizeof(said) - 1 - size);

        if (n <= 0) {
            errx(1, "%s did not say \"%s\", but: %s", program, text, said);
        }
        size += (size_t)n;
        said[size] = '\0';
    }
}

static void reap(pid_t pid, const char *program) {
    int status = 0;

    if (waitpid(pid, &status, 0) < 0 || status != 0) {
        errx(1, "%s ended with wait status %#x; it said: %s", program, status, said);
    }
}

int main(int argc, char **argv) {
    int ends[2];
    int64_t start = 0;
    int64_t end = 0;

    if (argc < 3) {
        errx(2, "usage: stopwatch TEXT COMMAND...");
    }
    if (pipe2(ends, O_CLOEXEC) < 0) {
        err(1, "pipe");
    }
    start = slices_now_nsec();
    pid_t pid = start_program(argv + 2, ends[1]);
    (void)close(ends[1]);
    if (argv[1][0] == '\0') {
        reap(pid, argv[2]);
        end = slices_now_nsec();
    } else {
        wait_text(ends[0], argv[1], argv[2]);
        end = slices_now_nsec();
        (void)kill(pid, SIGTERM);
        reap(pid, argv[2]);
    }
    printf("%.1f\n", (double)(end - start) / 1000);
    return 0;
}

// SPDX-License-Identifier: MIT
#include "tests/faults/output.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool output_init(struct output *output) {
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return false;
    }
    *output = (struct output){.pipe = ends[0], .input = ends[1]};
    return true;
}

static void *pass_on(void *context) {
    struct output *output = context;
    FILE *lines = fdopen(output->pipe, "r");
    char *line = NULL;
    size_t size = 0;

    while (lines && getline(&line, &size, lines) > 0) {
        (void)fputs(line, stdout);
        if (output->stop && strstr(line, output->stop)) {
            output->stop = NULL;
            (void)kill(output->pid, SIGTERM);
        }
    }
    (void)fflush(stdout);
    return NULL;
}

void output_start(struct output *output, pid_t pid, const char *stop) {
    output->pid = pid;
    output->stop = stop;
    (void)close(output->input);
    (void)pthread_create(&output->thread, NULL, pass_on, output);
}

void output_finish(struct output *output) {
    (void)pthread_join(output->thread, NULL);
}

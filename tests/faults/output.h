// SPDX-License-Identifier: MIT
#pragma once

// What a command says, passed on by a thread; a line with a certain text has the command stopped.

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

struct output {
    pthread_t thread;
    int pipe;
    int input; /* the command's end */
    pid_t pid;
    const char *stop;
};

bool output_init(struct output *output);

// PID gets SIGTERM at the first line that holds STOP, unless that is NULL.
void output_start(struct output *output, pid_t pid, const char *stop);

// Waits for the last writer's end.
void output_finish(struct output *output);

// SPDX-License-Identifier: MIT
#pragma once

// The spawner's own side of sandbox/spawner.c.

#include "sandbox/layers.h"

// The spawner's descriptors. The first four are the worker's (enum wire_fd), in place already.
enum spawner_fd {
    SPAWNER_FD_SOCKET = 4,
    SPAWNER_FD_IMAGE = 5,
};

#define SPAWNER_IMAGE_MODE 0111 /* of the image's memfd: to be executed, read by nobody */

enum spawner_request_kind {
    SPAWNER_CONFIGURE = 1, /* options; the image comes along as a descriptor */
    SPAWNER_START = 2,     /* generation */
    SPAWNER_KILL = 3,
    SPAWNER_MEASURE = 4,
};

struct spawner_request {
    uint32_t kind; /* enum spawner_request_kind */
    uint32_t generation;
    struct worker_options options;
};

// Confines this process and serves its socket. Never returns.
_Noreturn void spawner_child(struct confinement *confinement);

// The arguments of the one execveat that filter 1 admits, by address: it pins them.
struct spawner_exec {
    const char *path;
    char *const *arguments;
    char *const *environment;
};
extern const struct spawner_exec spawner_exec;

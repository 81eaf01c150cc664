// SPDX-License-Identifier: MIT
#pragma once

// What failing-malloc.c in the supervisor and the spawner shares with whoever started them: an
// inherited memfd, mapped before either is confined.

#include <stdint.h>

#define FAULTS_FD "MPYD_FAULTS_FD" /* in the environment: the memfd's number */
#define FAULTS_FRAMES 16
#define FAULTS_FRAME_SIZE 160

enum faults_role {
    FAULTS_SUPERVISOR = 0,
    FAULTS_SPAWNER = 1,
    FAULTS_ROLES = 2,
};

struct faults {
    uint64_t fail[FAULTS_ROLES]; /* which allocation of that process is to fail; 0: none */
    uint64_t n_allocations[FAULTS_ROLES];
    uint64_t n_failed;
    int64_t n_live; /* allocated and not freed, once the supervisor has left main() */
    uint32_t n_frames;
    char frames[FAULTS_FRAMES][FAULTS_FRAME_SIZE]; /* where it failed, innermost first */
};

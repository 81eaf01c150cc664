// SPDX-License-Identifier: MIT
#pragma once

// Seccomp filters: the tables of sandbox/filter-rules*.c, compiled by libseccomp in the build
// (sandbox/make-filters.c), with the values put in that only a running process knows.

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/layers.h"

#define FILTER_MAX 256u             /* instructions of filter 1; it has about 120 */
#define FILTER_SUPERVISOR_MAX 1024u /* of the supervisor's */

// Filter 1, in force before the image's first instruction, for a channel of CHANNEL_SIZE bytes.
// Returns the number of instructions or -errno.
int filter_worker_start(uint64_t channel_size, struct sock_filter *filter, size_t size);

// The filter of a supervisor whose process is PID, and which KEEPS_FILES or writes none. The same
// of it.
int filter_supervisor(pid_t pid, bool keeps_files, struct sock_filter *filter, size_t size);

int filter_supervisor_apply(struct confinement *confinement, const struct layer *layer);
int filter_supervisor_verify(struct confinement *confinement, const struct layer *layer);
int filter_worker_apply(struct confinement *confinement, const struct layer *layer);
int filter_worker_verify(struct confinement *confinement, const struct layer *layer);

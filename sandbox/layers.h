// SPDX-License-Identifier: MIT
#pragma once

// The table of layers and the one function that walks it. A row's mechanism lives in the file that
// is named after it (namespaces.c, root.c, privileges.c, limits.c, landlock.c, filter.c).

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "sandbox/sandbox.h"

#define LAYER_SKIP 1 /* apply: there is nothing to do here, why says the reason; reported OFF */

#define NAMESPACES 4u

// What a process knows while it confines itself.
struct confinement {
    const struct sandbox_options *options;
    enum layer_process process;
    bool root; /* started as root: ids change, and no user namespace is needed */
    uid_t uid; /* whom to become (as root), or who we are */
    gid_t gid;
    unsigned namespaces;                   /* CLONE_NEW* flags the spawner was cloned with */
    int namespace_errors[NAMESPACES];      /* errno of those it could not have */
    uint64_t outer_namespaces[NAMESPACES]; /* the supervisor's, to compare with */

    const struct spawner_descriptors *descriptors; /* spawner */
    int socket;                                    /* spawner: its end */

    const struct worker_options *worker; /* worker: its limits */
    const struct sock_filter *filter;    /* worker: filter 1 */
    unsigned filter_length;
    bool rehearsal; /* worker: try the filter instead of going on to the image */

    char why[64]; /* words for the row at hand */
};

// A row. apply and verify return 0 or -errno and may leave words in why; verify reads back from the
// kernel what apply asked for. Both run with no memory of other rows but the confinement.
struct layer {
    const char *name;
    enum layer_process process;
    bool required;
    const char *needs; /* a layer without which this one cannot be had, or NULL */
    int (*apply)(struct confinement *confinement, const struct layer *layer);
    int (*verify)(struct confinement *confinement, const struct layer *layer);
    const char *reason; /* what it is good for */
};

// Applies and verifies every row of the confinement's process, in order, appending to REPORTS.
// Returns 0, or -errno of the first required layer that failed: the last of REPORTS then.
int layers_apply(struct confinement *confinement, struct layer_report reports[LAYERS_MAX],
                 uint32_t *n_reports);

// Whether the options let this layer be missing.
bool layer_is_optional(const struct sandbox_options *options, const char *name);

// Words for a failed row, "empty-root: pivot_root: Invalid argument", into TEXT.
void layer_describe(const struct layer_report *report, char *text, size_t size);

// Sets why and returns -errno, for use in return statements of apply and verify.
int layer_fail(struct confinement *confinement, const char *step);

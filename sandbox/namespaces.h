// SPDX-License-Identifier: MIT
#pragma once

#include "sandbox/layers.h"

// Clones this process into new namespaces as CONFINEMENT wants them, doing without optional ones
// that cannot be had; fills its namespaces, namespace_errors and outer_namespaces. Returns the
// child's pid (0 in the child) with *ret_pidfd (close-on-exec, owned by the caller, in the parent
// only), or -errno, logged.
pid_t namespaces_clone(struct confinement *confinement, int *ret_pidfd);

int user_namespace_apply(struct confinement *confinement, const struct layer *layer);
int namespace_apply(struct confinement *confinement, const struct layer *layer);
int namespace_verify(struct confinement *confinement, const struct layer *layer);

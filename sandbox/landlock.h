// SPDX-License-Identifier: MIT
#pragma once

#include "sandbox/layers.h"

// The supervisor's view of the file system: the resolver's files, for reading. Best effort up to
// what the running kernel's Landlock knows (ABI 1 to 7).
int landlock_files_apply(struct confinement *confinement, const struct layer *layer);
int landlock_files_verify(struct confinement *confinement, const struct layer *layer);

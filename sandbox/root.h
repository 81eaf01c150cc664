// SPDX-License-Identifier: MIT
#pragma once

#include "sandbox/layers.h"

// Private mounts, and a read-only file system without a single entry as the root.
int empty_root_apply(struct confinement *confinement, const struct layer *layer);
int empty_root_verify(struct confinement *confinement, const struct layer *layer);

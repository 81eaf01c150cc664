// SPDX-License-Identifier: MIT
#pragma once

// Resource limits, the processor to run on, and what a fresh process has to shed: descriptors, the
// session and its signals.

#include "sandbox/layers.h"

int limits_apply(struct confinement *confinement, const struct layer *layer);
int limits_verify(struct confinement *confinement, const struct layer *layer);
int cpu_apply(struct confinement *confinement, const struct layer *layer);
int cpu_verify(struct confinement *confinement, const struct layer *layer);
int descriptors_apply(struct confinement *confinement, const struct layer *layer);
int descriptors_verify(struct confinement *confinement, const struct layer *layer);
int session_apply(struct confinement *confinement, const struct layer *layer);
int session_verify(struct confinement *confinement, const struct layer *layer);
int parent_death_apply(struct confinement *confinement, const struct layer *layer);
int parent_death_verify(struct confinement *confinement, const struct layer *layer);

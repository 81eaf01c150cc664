// SPDX-License-Identifier: MIT
#pragma once

// What a process may do by virtue of who it is. One apply and verify a layer; see
// sandbox/layer-table.inc for their order.

#include "sandbox/layers.h"

int bounding_set_apply(struct confinement *confinement, const struct layer *layer);
int bounding_set_verify(struct confinement *confinement, const struct layer *layer);
int ids_apply(struct confinement *confinement, const struct layer *layer);
int ids_verify(struct confinement *confinement, const struct layer *layer);
int ambient_set_apply(struct confinement *confinement, const struct layer *layer);
int ambient_set_verify(struct confinement *confinement, const struct layer *layer);
int capabilities_apply(struct confinement *confinement, const struct layer *layer);
int capabilities_verify(struct confinement *confinement, const struct layer *layer);
int no_new_privs_apply(struct confinement *confinement, const struct layer *layer);
int no_new_privs_verify(struct confinement *confinement, const struct layer *layer);
int not_dumpable_apply(struct confinement *confinement, const struct layer *layer);
int not_dumpable_verify(struct confinement *confinement, const struct layer *layer);
int speculation_apply(struct confinement *confinement, const struct layer *layer);
int speculation_verify(struct confinement *confinement, const struct layer *layer);

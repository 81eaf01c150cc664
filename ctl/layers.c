// SPDX-License-Identifier: MIT
#include "ctl/layers.h"

#include <stdbool.h>
#include <stddef.h>

const struct layers_row layers_rows[] = {
#define LAYER(name, process, required, ...) {#process, name, required},
#include "sandbox/layer-table.inc"
#undef LAYER
    {0},
};

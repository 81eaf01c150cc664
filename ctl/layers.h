// SPDX-License-Identifier: MIT
#pragma once

// The layers of the sandbox: those without which no worker starts, and those that are tried.

// A table of them ends with a NULL name.
struct layers_row {
    const char *process; /* "SUPERVISOR", "SPAWNER", "WORKER" */
    const char *name;
    int is_required;
};

// All layers, in the order in which they are applied.
extern const struct layers_row layers_rows[];

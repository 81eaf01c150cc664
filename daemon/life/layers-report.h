// SPDX-License-Identifier: MIT
#pragma once

// Tells an administrator which walls stand, and of one that does not, why.

#include <stddef.h>

#include "sandbox/sandbox.h"

#define LAYERS_TEXT_SIZE 1024

// All that there are, for who asks later.
struct layers {
    struct layer_report reports[2 * LAYERS_MAX + 1]; /* the first n_reports */
    size_t n_reports;
};

// Appends; what there is no room for is left out.
void layers_keep(struct layers *layers, const struct layer_report *reports, size_t n_reports);

// Logs one line for each process that REPORTS speak of.
void report_layers(const struct layer_report *reports, size_t n_reports);

// Logs why the spawner failed for APP: the layers it got to, and the step that it could not make.
void report_failure(const char *app, const struct spawner_event *event);

// Writes that line for PROCESS: "user-namespace not asked for, mount-namespace on, ...". Returns
// the number of layers in it; TEXT is "" if there are none.
size_t layers_text(const struct layer_report *reports, size_t n_reports, enum layer_process process,
                   char text[LAYERS_TEXT_SIZE]);

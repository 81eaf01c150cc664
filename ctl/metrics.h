// SPDX-License-Identifier: MIT
#pragma once

// Metrics of several apps as text for Prometheus: OpenMetrics 1.0, or the older text format that
// the textfile collector of node_exporter and promtool read.

#include <stdbool.h>
#include <stddef.h>

struct json_object;

struct metrics_source {
    const char *app;           /* the label */
    struct json_object *reply; /* to Metrics(); NULL: none came */
};

// Prints each family once, with the samples of all SOURCES. Returns CTL_DONE, or CTL_INTERNAL,
// having said what is no metric.
int metrics_print(const struct metrics_source *sources, size_t n_sources, bool is_openmetrics);

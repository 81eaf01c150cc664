// SPDX-License-Identifier: MIT
#pragma once

// How much an app gets: what its manifest wishes for, within what the configuration allows.

struct app;
struct config;
struct manifest;

// Whether CONFIG allows the memory that MANIFEST cannot do without. Returns 0, or the exit status
// of the process; logged.
int sizing_check(const struct manifest *manifest, const struct config *config);

// Sizes the channel, handles and log of APP, which has its name, and tells its workers by the
// kernel page. Returns 0, or the exit status of the process; logged.
int sizing_apply(const struct manifest *manifest, const struct config *config, struct app *app);

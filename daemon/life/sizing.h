// SPDX-License-Identifier: MIT
#pragma once

// How much an app gets: what its manifest wishes for, within what the configuration allows.

#include <stdint.h>

#include "daemon/config/config.h"

struct app;
struct health_policy;
struct manifest;

enum { SIZING_REFUSED = 1 };

// Whether CONFIG allows the memory that MANIFEST cannot do without. Returns 0, or SIZING_REFUSED
// with the reason in WHY.
int sizing_check(const struct manifest *manifest, const struct config *config,
                 char why[CONFIG_WHY_SIZE]);

// Sizes the channel, handles and log of APP, which has its name, and tells its workers by the
// kernel page. Returns 0, or the exit status of the process; logged.
int sizing_apply(const struct manifest *manifest, const struct config *config, struct app *app);

// The part of it that may change while workers run: quotas of handles and storage, rate of the
// log.
void sizing_limit(const struct manifest *manifest, const struct config *config, struct app *app);

// The deadlines of a worker: the manifest's, or none, and never longer than CONFIG allows. A
// service manager that wants to hear of us every WATCHDOG_USEC (0: none does) must not lose its
// patience first.
void sizing_health(const struct manifest *manifest, const struct config *config,
                   uint64_t watchdog_usec, struct health_policy *ret_policy);

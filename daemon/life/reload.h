// SPDX-License-Identifier: MIT
#pragma once

// The configuration is read again while the app runs. What may change now does; the rest is told,
// and waits for the next start of mpyd.

#include "daemon/config/config.h"

struct supervisor;

enum { RELOAD_REFUSED = 1 };

// Both end with NULL; each is "[section] key" and lasts as long as the process.
struct reload_result {
    const char *applied[CONFIG_ROWS_MAX + 1];
    const char *later[CONFIG_ROWS_MAX + 1];
};

// Tells log and service manager. Returns 0 and *ret_result; RELOAD_REFUSED, with the reason in WHY
// ("FILE:LINE: message") and everything as it was; or -errno, likewise.
int reload(struct supervisor *supervisor, struct reload_result *ret_result,
           char why[CONFIG_WHY_SIZE]);

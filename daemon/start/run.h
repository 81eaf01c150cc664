// SPDX-License-Identifier: MIT
#pragma once

// `mpyd run`: a complete supervisor of one app in the foreground.

#include "daemon/config/config-files.h"
#include "image/trust.h"

struct run_options {
    struct trust_options trust; /* the image among them */
    struct config_place config;
    const char *name;    /* or NULL: from the image */
    const char *control; /* the control socket's path or CONTROL_NONE; NULL: where it usually is */
    const char *state;   /* directory, or NULL: nothing is kept */
};

// Returns the exit status of the process (enum supervise_exit); what went wrong has been logged.
int run(const struct run_options *options);

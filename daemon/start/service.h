// SPDX-License-Identifier: MIT
#pragma once

// `mpyd service APP`: everything that an app's unit needs, by the name of the app.

#include "daemon/start/run.h"

// APP in it is the directory of the image that is to run.
#define SERVICE_SLOTS "/run/mpyd-slots"

// Fills *ret_options, which refer to APP and to memory that lasts as long as the process. Returns 0
// or EXIT_USAGE: APP is no name; it has been logged.
int service_options(const char *app, struct run_options *ret_options);

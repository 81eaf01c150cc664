// SPDX-License-Identifier: MIT
#pragma once

// The probation of a trial: whether the app runs, says that it is ready, and does well for as long
// as its configuration asks for, without a single failure.

#include <stdint.h>

struct places;

#define WATCH_PROBATION_CONFIGURED UINT64_MAX /* as [update] probation says */

// Watches the trial of APP, which answers at the socket CONTROL (NULL: where its unit does), until
// it is confirmed or rolled back. Returns an enum update_exit: UPDATE_DONE also where there is no
// trial; UPDATE_FAILED if it was rolled back.
int watch(const struct places *places, const char *app, const char *control,
          uint64_t probation_usec);

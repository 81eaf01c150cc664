// SPDX-License-Identifier: MIT
#pragma once

// An app with a worker that runs, as far as the supervisor can tell.

#include "daemon/app/app.h"

// Returns 0, or -1. app_done() undoes it.
int app_fixture_init(struct app *app);

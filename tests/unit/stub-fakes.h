// SPDX-License-Identifier: MIT
#pragma once

// An app whose every handler and permission is a fake that counts, for tests of what stands before
// them. The fakes take the place of daemon/handlers/ because the linker finds them first.

#include <stdint.h>

#include "call/stubs.h"
#include "daemon/app/app.h"
#include "daemon/dispatch/call.h"

#define FAKE_ARENA_SIZE (256u << 10)

struct fakes {
    unsigned n_permitted; /* permissions asked for */
    unsigned n_handled;
    int permit_return;
    int handle_return;
    struct app app;
};

extern struct fakes fakes;

// Clears the counters and what the app knows of its worker; the app has a channel and handles.
int fakes_setup(void **state);
int fakes_teardown(void **state);

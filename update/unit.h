// SPDX-License-Identifier: MIT
#pragma once

// The app's unit, mpyd@APP.service, asked and told by systemctl(1). Without systemd, while an image
// of a machine is made or in a container, no unit is up.

#include <stdbool.h>

#define UNIT_WORD_SIZE 32

struct unit {
    char active[UNIT_WORD_SIZE]; /* ActiveState= */
    char result[UNIT_WORD_SIZE]; /* Result= */
    char status[160];            /* StatusText= */
};

// Asks for the unit of APP. Returns 0 and *ret_unit, or -errno, having logged it; -ENOENT: there is
// no systemd, which is not logged.
int unit_read(const char *app, struct unit *ret_unit);

// Whether the unit of APP is to be running: it starts, runs, or has failed.
bool unit_is_up(const char *app);

// Starts the unit of APP anew, whatever it failed of before, and does not wait for it. Returns 0 or
// -errno, having logged it.
int unit_restart(const char *app);

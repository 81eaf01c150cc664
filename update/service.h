// SPDX-License-Identifier: MIT
#pragma once

// The app's unit, mpyd@APP.service. Without systemd, in a container or while the image of a machine
// is made, no unit is up.

#include <stdbool.h>

// Whether the unit of APP is to be running: it starts, runs, or has failed.
bool service_is_up(const char *app);

// Whether the unit of APP, which stops, does so of itself: nobody has asked systemd for it. Where
// systemd tells nothing, somebody has.
bool service_ends_itself(const char *app);

// Has systemd forget how often the unit of APP was started, and that it failed. Returns as
// service_restart().
int service_forget(const char *app);

// Starts the unit of APP anew, whatever it failed of before, and does not wait for it. Returns 0 or
// -EIO, having logged it.
int service_restart(const char *app);

// SPDX-License-Identifier: MIT
#pragma once

// Metrics of an app that its supervisor does not have: whether it answers at all, and what the
// app's slots hold. In the form of the supervisor's own, so that they are printed with them.

#include "ctl/place.h"
#include "ctl/unit.h"

struct json_object;

// Appends them to REPLY, the answer to Metrics(); NULL: nobody answered. Returns it, or a new one,
// the caller's either way.
struct json_object *metrics_host_add(struct json_object *reply, const struct place *place,
                                     const struct unit *unit);

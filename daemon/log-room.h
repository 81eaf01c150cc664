// SPDX-License-Identifier: MIT
#pragma once

// The log in the loop: lines that found no room on standard error go out as soon as there is some.

#include "daemon/loop.h"

struct log_room {
    struct loop *loop;
    struct source *source; /* while lines are kept: a closed pipe would be ready for ever */
};

// From now on no message waits. log_room_done() lets the last ones wait for a moment, and takes a
// zeroed one.
void log_room_init(struct log_room *room, struct loop *loop);
void log_room_done(struct log_room *room);

// SPDX-License-Identifier: MIT
#pragma once

// The log in the loop: messages that found no room go out as soon as there is some.

#include "daemon/loop/loop.h"

struct log_room {
    struct loop *loop;
    struct source *source; /* while messages are kept: a closed pipe would be ready for ever */
    int fd;                /* what it waits for */
};

// From now on no message waits. log_room_done() lets the last ones wait for a moment, and takes a
// zeroed one.
void log_room_init(struct log_room *room, struct loop *loop);
void log_room_done(struct log_room *room);

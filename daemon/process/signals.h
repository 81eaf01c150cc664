// SPDX-License-Identifier: MIT
#pragma once

// Signals of the supervisor, read from a descriptor in its loop. Children are reaped here: as PID 1
// of a container it inherits those of others.

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/loop/loop.h"

struct signals {
    int fd;
    struct source *source;
    pid_t spawner;                             /* left to spawner_done() */
    int (*on_stop)(void *context, int signal); /* SIGTERM, SIGINT, SIGHUP */
    void *context;
};

// Blocks the signals that ask to stop, so that none ends the supervisor on the way: one that comes
// early is read once the loop runs. First thing of all. The spawner unblocks them for itself.
// Returns 0 or -errno, which is logged.
int signals_block(void);

// Begins to read the signals that signals_block() holds. Returns 0 or -errno; signals_done() undoes
// it.
int signals_init(struct signals *signals, struct loop *loop, pid_t spawner,
                 int (*on_stop)(void *context, int signal), void *context);
void signals_done(struct signals *signals);

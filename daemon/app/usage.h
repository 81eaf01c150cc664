// SPDX-License-Identifier: MIT
#pragma once

// What of the app's heap is in use, asked for when somebody wants to know: the worker is told by an
// upcall, and says it in a call. Who asks waits for that, but not for a worker that is busy.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/loop/loop.h"

struct app;

#define USAGE_ASKERS_MAX 16u
#define USAGE_PATIENCE_USEC 100000u /* for the worker to say it */
#define USAGE_FRESH_USEC 500000u    /* what is younger is good enough */

typedef void (*usage_then)(void *context);

struct usages {
    struct app *app;
    struct timer *timer;
    struct usage_asker {
        usage_then then;
        void *context;
    } askers[USAGE_ASKERS_MAX]; /* the first n_askers */
    size_t n_askers;
};

// Returns 0 or -errno; usages_done() undoes it, answering nobody, and takes zeroed ones.
int usages_init(struct usages *usages, struct app *app);
void usages_done(struct usages *usages);

// Asks the worker. Returns true: THEN is called with CONTEXT once app.heap is as new as it gets,
// and not from here. False: it is that already, since it is fresh or no worker can be asked, or too
// many ask.
bool usage_ask(struct app *app, usage_then then, void *context);

// Forgets who asked with CONTEXT.
void usage_cancel(struct app *app, void *context);

// The worker has said it, or is gone: everybody is answered.
void usage_tell(struct app *app);

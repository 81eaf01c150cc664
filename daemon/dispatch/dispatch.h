// SPDX-License-Identifier: MIT
#pragma once

// From a submission to its completion: the one walker of the dispatch table (generated rows.c).
// What holds for every call is checked here, what holds for its arguments in its stub, before any
// handler runs.

#include <stdbool.h>
#include <stdint.h>

#include "call/wire.h"
#include "daemon/handler.h"

enum row_flag {
    ROW_START = 1 << 0,  /* the first call of a worker, and only that */
    ROW_LATER = 1 << 1,  /* may complete after its handler has returned */
    ROW_NAMES = 1 << 2,  /* its text is names: no payload */
    ROW_SECRET = 1 << 3, /* what it sends is shown to nobody */
};

struct call_row {
    const char *name; /* "group.name"; NULL where a number has no call */
    int (*serve)(struct call *call, const struct wire_submission *submission, int64_t *ret_result);
    const int *errors; /* that the app may see, ended by 0 */
    uint32_t flags;    /* enum row_flag */
};

extern const struct call_row call_rows[]; /* CALLS_END of them, by number */

// Takes the worker's next call from its channel and serves it. Returns 1, 0 if there is none or the
// worker has broken the protocol, or -errno: our own failure.
int dispatch_next(struct app *app);

// Serves SUBMISSION, which is private memory, and completes it unless its handler does so later.
// Returns 0, APP_BROKEN (the worker broke the protocol), or -errno: our own failure.
int dispatch_call(struct app *app, const struct wire_submission *submission);

// Logs every call with its arguments and its result at LOG_DEBUG from now on.
void dispatch_set_trace(bool trace);

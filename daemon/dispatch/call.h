// SPDX-License-Identifier: MIT
#pragma once

// A call from the moment it is taken until its handler returns: what dispatch, stubs and the
// call_x() functions of handler.h (daemon/dispatch/call.c) know of it. Handlers have it by name
// only.

#include <stddef.h>
#include <stdint.h>

#include "daemon/handler.h"

struct call_row;

struct call {
    struct app *app;
    const struct call_row *row;
    uint32_t tag;
    const struct wire_submission *submission; /* private memory */
    uint64_t started_nsec;                    /* 0: it is not timed (record.h) */

    uint8_t *scratch;    /* STUBS_SCRATCH_SIZE private bytes for what the call sends ... */
    size_t scratch_used; /* ... of which so many are taken, one argument after the other */
};

// What the app is told of ERROR, a positive errno: the kernel has more errors than a row promises,
// and those become EIO. ECANCELED ends any call that can be cancelled. Others than errnos are
// returned.
int call_promised(const struct call_row *row, int error);

// What SIZE bytes that a call sends take of its scratch: each argument begins aligned.
#define CALL_SCRATCH_SIZE(size) (((size_t)(size) + 7) & ~(size_t)7)

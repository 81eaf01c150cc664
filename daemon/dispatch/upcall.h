// SPDX-License-Identifier: MIT
#pragma once

// What the supervisor has to say to a worker that did not ask. A worker that has left no room in
// its completion ring is told later: each kind keeps its newest word until there is room.

#include <stdbool.h>
#include <stdint.h>

#include "call/wire.h"

struct channel;

struct upcalls {
    struct upcall {
        bool pending;
        uint32_t tag;
        int64_t result;
    } kinds[WIRE_UPCALL_KINDS];
};

// Posts an upcall of KIND (enum wire_kind), in place of one of its kind that is still pending.
// Visible to the worker after the next channel_flush(), or a later one.
void upcall_post(struct upcalls *upcalls, struct channel *channel, uint32_t kind, uint32_t tag,
                 int64_t result);

// Posts what is pending, as far as there is room now. Call it before channel_flush().
void upcalls_retry(struct upcalls *upcalls, struct channel *channel);

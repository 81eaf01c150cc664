// SPDX-License-Identifier: MIT
#include "daemon/dispatch/upcall.h"

#include <assert.h>

#include "call/channel.h"

void upcall_post(struct upcalls *upcalls, struct channel *channel, uint32_t kind, uint32_t tag,
                 int64_t result) {
    assert(kind > WIRE_COMPLETION && kind < WIRE_UPCALL_KINDS);
    upcalls->kinds[kind] = (struct upcall){.pending = true, .tag = tag, .result = result};
    upcalls_retry(upcalls, channel);
}

void upcalls_retry(struct upcalls *upcalls, struct channel *channel) {
    for (uint32_t kind = WIRE_COMPLETION + 1; kind < WIRE_UPCALL_KINDS; kind++) {
        struct upcall *upcall = &upcalls->kinds[kind];

        if (upcall->pending && channel_upcall(channel, kind, upcall->tag, upcall->result) == 0) {
            upcall->pending = false;
        }
    }
}

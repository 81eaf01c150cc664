// SPDX-License-Identifier: MIT
#include "daemon/log-room.h"

#include <sys/epoll.h>

#include "base/log-sink.h"
#include "base/log.h"

static int on_room(void *context, uint32_t events) {
    struct log_room *room = context;

    if (log_flush()) {
        room->source = source_free(room->source);
    }
    return 0;
}

// Without a source the next message tries again.
static void on_stalled(void *context) {
    struct log_room *room = context;

    if (!room->source) {
        (void)source_new(room->loop, log_sink_fd(), EPOLLOUT, on_room, room, &room->source);
    }
}

void log_room_init(struct log_room *room, struct loop *loop) {
    *room = (struct log_room){.loop = loop};
    log_hurry(on_stalled, room);
}

void log_room_done(struct log_room *room) {
    if (room->loop) {
        room->source = source_free(room->source);
        log_hurry(NULL, NULL);
    }
}

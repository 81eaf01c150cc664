// SPDX-License-Identifier: MIT
#include "daemon/loop/log-room.h"

#include <sys/epoll.h>

#include "base/log.h"

static int on_room(void *context, uint32_t events);

// Without a source the next message tries again.
static void wait_for_room(struct log_room *room) {
    room->fd = log_waiting_fd();
    (void)source_new(room->loop, room->fd, EPOLLOUT, on_room, room, &room->source);
}

// What is kept for standard error may be written, and something be left for the journal.
static int on_room(void *context, uint32_t events) {
    struct log_room *room = context;
    bool is_done = log_flush();

    if (is_done || log_waiting_fd() != room->fd) {
        room->source = source_free(room->source);
    }
    if (!is_done && !room->source) {
        wait_for_room(room);
    }
    return 0;
}

static void on_stalled(void *context) {
    struct log_room *room = context;

    if (!room->source) {
        wait_for_room(room);
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

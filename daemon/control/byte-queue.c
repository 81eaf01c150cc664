// SPDX-License-Identifier: MIT
#include "daemon/control/byte-queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_MIN 4096u

void byte_queue_done(struct byte_queue *queue) {
    free(queue->data);
    *queue = (struct byte_queue){0};
}

// The next power of two, so that what is appended byte by byte is copied a few times only.
static size_t wanted_room(size_t size) {
    size_t room = ROOM_MIN;

    while (room < size) {
        room *= 2;
    }
    return room;
}

char *byte_queue_reserve(struct byte_queue *queue, size_t size, size_t limit) {
    size_t used = byte_queue_size(queue);
    char *data = NULL;

    if (size > limit || used > limit - size) {
        return NULL;
    }
    if (queue->start > 0 && queue->end + size > queue->room) {
        memmove(queue->data, queue->data + queue->start, used);
        queue->start = 0;
        queue->end = used;
    }
    if (queue->end + size > queue->room) {
        data = realloc(queue->data, wanted_room(used + size));
        if (!data) {
            return NULL;
        }
        queue->data = data;
        queue->room = wanted_room(used + size);
    }
    return queue->data + queue->end;
}

void byte_queue_commit(struct byte_queue *queue, size_t size) {
    assert(size <= queue->room - queue->end);
    queue->end += size;
}

void byte_queue_consume(struct byte_queue *queue, size_t size) {
    assert(size <= byte_queue_size(queue));
    queue->start += size;
    if (queue->start == queue->end) {
        byte_queue_done(queue);
    }
}

// SPDX-License-Identifier: MIT
#pragma once

// Bytes on their way in or out of a connection: appended behind, taken in front, within a limit.

#include <stddef.h>

// Begin with zeroes.
struct byte_queue {
    char *data; /* owned */
    size_t start, end, room;
};

void byte_queue_done(struct byte_queue *queue);

// What is in it: *ret_size bytes. NULL: nothing.
static inline char *byte_queue_front(const struct byte_queue *queue, size_t *ret_size) {
    *ret_size = queue->end - queue->start;
    return queue->data ? queue->data + queue->start : NULL;
}

static inline size_t byte_queue_size(const struct byte_queue *queue) {
    return queue->end - queue->start;
}

// Makes room for SIZE bytes more where at most LIMIT may be in it. Returns where they go, or NULL:
// they are too many, or there is no memory.
char *byte_queue_reserve(struct byte_queue *queue, size_t size, size_t limit);

// Takes SIZE bytes more as in the queue, at most those reserved.
void byte_queue_commit(struct byte_queue *queue, size_t size);

// Takes SIZE bytes in front away, at most what is there. An empty queue keeps no memory.
void byte_queue_consume(struct byte_queue *queue, size_t size);

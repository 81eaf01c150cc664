// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/app/given.h"
#include "daemon/handler.h"
#include "daemon/loop/loop.h"

// Files and devices that the administrator gave the app: daemon/app/given.c opened them. Each
// handle has a descriptor of its own for one of them, and of a file a place of its own in it. A
// device is watched by the loop, edge-triggered as sockets are, and is non-blocking.

#define GROWN_MAX ((int64_t)16 << 20) /* bytes of a file of the machine: no quota holds it */
#define ALWAYS (WIRE_READABLE | WIRE_WRITABLE)

struct stream {
    int fd;
    struct handle *handle;
    struct source *source; /* NULL: always ready */
    bool is_device;
    bool can_read, can_write;
    bool at_end; /* each write goes there */
    int64_t position;
};

static void stream_free(void *object) {
    struct stream *stream = object;

    source_free(stream->source);
    close_fd(stream->fd);
    free(stream);
}

static uint32_t ready_of(uint32_t events) {
    uint32_t ready = 0;

    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ready |= WIRE_READABLE;
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        ready |= WIRE_WRITABLE;
    }
    if (events & EPOLLHUP) {
        ready |= WIRE_HANGUP;
    }
    if (events & EPOLLERR) {
        ready |= WIRE_ERROR;
    }
    return ready;
}

static int on_events(void *context, uint32_t events) {
    const struct stream *stream = context;

    handle_ready(stream->handle, ready_of(events), 0);
    return 0;
}

// A terminal gives a line at a time and takes what it likes, so that only the kernel knows whether
// there is more: the bits are what it says, and its next event comes when that changes.
static void look(const struct stream *stream) {
    struct pollfd fd = {.fd = stream->fd, .events = POLLIN | POLLOUT};
    uint32_t ready = 0;

    if (stream->source && poll(&fd, 1, 0) >= 0) {
        ready = ready_of((uint32_t)fd.revents);
        handle_ready(stream->handle, ready, ALWAYS & ~ready);
    }
}

// -- opening -------------------------------------------------------------------------------------

// What cannot be watched, as /dev/null, never has anybody wait.
static int watch(struct stream *stream) {
    int r = stream->is_device
                ? source_new(app_loop(handle_app(stream->handle)), stream->fd,
                             EPOLLIN | EPOLLOUT | EPOLLET, on_events, stream, &stream->source)
                : -EPERM;

    if (r == -EPERM) {
        handle_ready(stream->handle, ALWAYS, 0);
        return 0;
    }
    look(stream);
    return r < 0 ? ENOMEM : 0;
}

static int take(struct stream *stream, const struct given_file *file, uint32_t start) {
    stream->fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
    if (stream->fd < 0) {
        return errno;
    }
    stream->is_device = file->is_device;
    stream->at_end = start == STREAM_OPEN_START_END;
    if (start == STREAM_OPEN_START_EMPTY && !file->is_device && ftruncate(stream->fd, 0) < 0) {
        return errno;
    }
    return watch(stream);
}

static int find(struct call *call, const char *name, bool writes,
                const struct given_file **ret_file) {
    bool may_write = false;
    int r = given_find(app_given(call_app(call)), name, ret_file, &may_write);

    if (r == GIVEN_DENIED) {
        return call_refuse(call, "file %s: not among the grants", name);
    }
    if (writes && !may_write) {
        return call_refuse(call, "file %s: granted for reading only", name);
    }
    if (r != 0) {
        return r == GIVEN_MISSING ? ENOENT : ENODEV;
    }
    return writes && !(*ret_file)->can_write ? EROFS : 0;
}

int handle_stream_open(struct call *call, const char *name, uint32_t access, uint32_t start,
                       int64_t *ret_result) {
    bool writes = access != STREAM_OPEN_ACCESS_READ;
    const struct given_file *file = NULL;
    CLEANUP_FREE struct stream *made = NULL;
    struct stream *stream = NULL;
    int r = find(call, name, writes, &file);

    if (r != 0) {
        return r;
    }
    if (start != STREAM_OPEN_START_BEGIN && !writes) {
        return EINVAL;
    }
    made = calloc(1, sizeof(*made));
    if (!made) {
        return ENOMEM;
    }
    made->fd = -1;
    made->can_read = access != STREAM_OPEN_ACCESS_WRITE;
    made->can_write = writes;
    r = handle_new(call_app(call), HANDLE_STREAM, made, stream_free, &made->handle);
    if (r != 0) {
        return r;
    }
    stream = steal_ptr(&made); /* the handle's */
    r = take(stream, file, start);
    if (r != 0) {
        handle_free(stream->handle);
        return r;
    }
    *ret_result = handle_number(stream->handle);
    return 0;
}

int handle_stream_close(struct call *call, struct handle *handle) {
    handle_free(handle);
    return 0;
}

// -- reading and writing -------------------------------------------------------------------------

// What a transfer that returned N, or -1 and errno, leaves behind.
static int move_on(struct stream *stream, ssize_t n, int64_t *ret_result) {
    int error = errno;

    look(stream);
    if (n < 0) {
        return error;
    }
    stream->position += n;
    *ret_result = n;
    return 0;
}

int handle_stream_read(struct call *call, struct handle *handle, struct window data,
                       int64_t *ret_result) {
    struct stream *stream = handle_object(handle);
    ssize_t n;

    if (!stream->can_read) {
        return EBADF;
    }
    n = stream->is_device ? read(stream->fd, data.data, data.size)
                          : pread(stream->fd, data.data, data.size, stream->position);
    return move_on(stream, n, ret_result);
}

// A file of the machine has no quota, so it grows to a bound only.
static ssize_t write_file(struct stream *stream, const void *data, size_t size) {
    struct stat status;

    if (stream->at_end) {
        if (fstat(stream->fd, &status) < 0) {
            return -1;
        }
        stream->position = status.st_size;
    }
    if (stream->position >= GROWN_MAX) {
        errno = EFBIG;
        return -1;
    }
    if ((int64_t)size > GROWN_MAX - stream->position) {
        size = (size_t)(GROWN_MAX - stream->position);
    }
    return pwrite(stream->fd, data, size, stream->position);
}

int handle_stream_write(struct call *call, struct handle *handle, struct bytes data,
                        int64_t *ret_result) {
    struct stream *stream = handle_object(handle);
    ssize_t n;

    if (!stream->can_write) {
        return EBADF;
    }
    n = stream->is_device ? write(stream->fd, data.data, data.size)
                          : write_file(stream, data.data, data.size);
    return move_on(stream, n, ret_result);
}

int handle_stream_seek(struct call *call, struct handle *handle, int64_t offset, uint32_t from,
                       int64_t *ret_result) {
    struct stream *stream = handle_object(handle);
    int64_t position = 0;
    struct stat status;

    if (stream->is_device) {
        return ESPIPE;
    }
    if (fstat(stream->fd, &status) < 0) {
        return errno;
    }
    position = from == STREAM_SEEK_FROM_END    ? status.st_size
               : from == STREAM_SEEK_FROM_HERE ? stream->position
                                               : 0;
    if (__builtin_add_overflow(position, offset, &position) || position < 0) {
        return EINVAL;
    }
    stream->position = position;
    *ret_result = position;
    return 0;
}

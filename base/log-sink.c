// SPDX-License-Identifier: MIT
#include "base/log-sink.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define QUEUE_SIZE (64u << 10)
#define TERMINAL_PIECE 128 /* Linux counts its room in pieces of 256 bytes, newlines take two */
#define PATIENCE_MSEC 1000 /* at the start: a slow reader is not yet a stalled one */

// How a write is kept from waiting.
enum manner {
    SINK_PLAIN,  /* it never waits: a regular file, /dev/null; or nobody minds */
    SINK_SOCKET, /* by a flag of send(2): the journal */
    SINK_OWN,    /* opened anew with O_NONBLOCK: a pipe, a terminal */
    SINK_SHARED, /* of another user, so not to be opened anew */
};

static struct {
    enum manner manner;
    int fd;
    size_t piece; /* of SINK_SHARED: what there is room for if there is any */
    int patience_msec;
    uint64_t n_lost;
    size_t start, size; /* of what the queue keeps: whole lines, of the first perhaps the rest */
} sink = {.fd = STDERR_FILENO, .patience_msec = PATIENCE_MSEC};

static char queue[QUEUE_SIZE]; /* apart, so that it takes no room in the file */

void log_sink_open(void) {
    struct stat st;
    int fd = -1;

    if (fstat(STDERR_FILENO, &st) < 0 || S_ISREG(st.st_mode)) {
        return;
    }
    if (S_ISSOCK(st.st_mode)) {
        sink.manner = SINK_SOCKET;
    } else if (S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO)) {
        fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        sink.manner = fd < 0 ? SINK_SHARED : SINK_OWN;
        sink.piece = S_ISFIFO(st.st_mode) ? PIPE_BUF : TERMINAL_PIECE; // pipe(7)
        sink.fd = fd < 0 ? STDERR_FILENO : fd;
    }
}

static bool has_room(int timeout_msec) {
    struct pollfd ready = {.fd = sink.fd, .events = POLLOUT};

    return poll(&ready, 1, timeout_msec) > 0;
}

static ssize_t write_some(const char *data, size_t size) {
    switch (sink.manner) {
    case SINK_SOCKET:
        return send(sink.fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    case SINK_SHARED:
        // If another process takes the room between these two calls, we wait for the reader, as
        // every program does.
        if (!has_room(0)) {
            errno = EAGAIN;
            return -1;
        }
        return write(sink.fd, data, size < sink.piece ? size : sink.piece);
    default:
        return write(sink.fd, data, size);
    }
}

static void drop(size_t n) {
    sink.start += n;
    sink.size -= n;
}

// Nobody will ever read it, or the disk is full: keeping it would not help.
static void discard(void) {
    const char *at = queue + sink.start;

    for (; sink.size > 0; drop(1)) {
        sink.n_lost += *at++ == '\n';
    }
}

// One line a write: what fits into a pipe stays in one piece among what others write.
void log_sink_flush(void) {
    while (sink.size > 0) {
        const char *line = queue + sink.start;
        const char *end = memchr(line, '\n', sink.size);
        ssize_t n = write_some(line, (size_t)(end - line) + 1);

        if (n >= 0) {
            drop((size_t)n);
        } else if (errno == EAGAIN) {
            return;
        } else if (errno != EINTR) {
            discard();
        }
    }
}

static int64_t now_msec(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wait_for_room(void) {
    int64_t begin = now_msec(), waited = 0;

    while (sink.size > 0 && waited < sink.patience_msec) {
        (void)has_room(sink.patience_msec - (int)waited);
        log_sink_flush();
        waited = now_msec() - begin;
    }
    sink.patience_msec -= waited < sink.patience_msec ? (int)waited : sink.patience_msec;
}

void log_sink_write(const char *line, size_t size) {
    assert(size > 0 && size <= QUEUE_SIZE && line[size - 1] == '\n');
    // Once a line is lost, so are those after it until the reader has caught up: one gap, not many.
    if (sink.size + size > QUEUE_SIZE || (sink.n_lost > 0 && sink.size > 0)) {
        sink.n_lost++;
        return;
    }
    // An empty queue begins at its beginning: what is read at once costs one page of it, not all.
    if (sink.size == 0 || sink.start + sink.size + size > QUEUE_SIZE) {
        memmove(queue, queue + sink.start, sink.size);
        sink.start = 0;
    }
    memcpy(queue + sink.start + sink.size, line, size);
    sink.size += size;
    log_sink_flush();
    wait_for_room();
}

bool log_sink_is_empty(void) {
    return sink.size == 0;
}

int log_sink_fd(void) {
    return sink.fd;
}

void log_sink_set_patience(int msec) {
    sink.patience_msec = msec;
    wait_for_room();
}

uint64_t log_sink_take_lost(void) {
    uint64_t n = sink.n_lost;

    sink.n_lost = 0;
    return n;
}

void log_sink_lose(uint64_t n) {
    sink.n_lost += n;
}

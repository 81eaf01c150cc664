// SPDX-License-Identifier: MIT
#include "base/log-journal.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define FIELDS_MAX 16u
#define PIECES 5u /* of a field: name, '=' or newline, size, value, newline */
#define RETRY_SEC 1

static struct {
    int fd; /* or -1 */
    struct sockaddr_un address;
    time_t lost_sec; /* when it last refused, by the monotonic clock; 0: it is there */
} journal = {.fd = -1};

// JOURNAL_STREAM may be inherited by programs whose standard error has since gone elsewhere.
bool log_journal_is_stderr(void) {
    static int known = -1;
    unsigned long long device = 0, inode = 0;
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;

    if (known < 0) {
        // NOLINTNEXTLINE(cert-err34-c): a number too large is none that fstat() gives
        known = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
                fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
    }
    return known;
}

static int reach(int fd) {
    return connect(fd, (const struct sockaddr *)&journal.address, sizeof(journal.address)) < 0
               ? -errno
               : 0;
}

int log_journal_open(const char *path) {
    CLEANUP_FD int fd = -1;
    int r = 0;

    if (!log_journal_is_stderr()) {
        return 0;
    }
    assert(strlen(path) < sizeof(journal.address.sun_path));
    journal.address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(journal.address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -errno;
    }
    r = reach(fd);
    if (r == 0) {
        journal.fd = steal_fd(&fd);
    }
    return r;
}

void log_journal_forget(void) {
    journal.fd = -1;
}

// A value on one line is written plainly, any other with its size before it: a line break in it
// begins no other field.
static size_t add_field(struct iovec *pieces, const struct log_field *field, uint64_t *size) {
    size_t length = strlen(field->value), n = 0;
    bool is_line = memchr(field->value, '\n', length) == NULL;

    *size = htole64(length);
    pieces[n++] = (struct iovec){(char *)field->name, strlen(field->name)};
    pieces[n++] = (struct iovec){is_line ? "=" : "\n", 1};
    if (!is_line) {
        pieces[n++] = (struct iovec){size, sizeof(*size)};
    }
    pieces[n++] = (struct iovec){(char *)field->value, length};
    pieces[n++] = (struct iovec){"\n", 1};
    return n;
}

static time_t now_sec(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec + 1;
}

// Its socket is systemd's and outlives the journal's restarts, but not its own. Another is looked
// for once in a while.
bool log_journal_is_there(void) {
    if (journal.fd < 0 || (journal.lost_sec > 0 && now_sec() - journal.lost_sec < RETRY_SEC)) {
        return false;
    }
    if (journal.lost_sec > 0 && reach(journal.fd) < 0) {
        journal.lost_sec = now_sec();
        return false;
    }
    journal.lost_sec = 0;
    return true;
}

static bool send_pieces(struct iovec *pieces, size_t n_pieces) {
    const struct msghdr message = {.msg_iov = pieces, .msg_iovlen = n_pieces};

    return sendmsg(journal.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static bool has_room(int timeout_msec) {
    struct pollfd ready = {.fd = journal.fd, .events = POLLOUT};

    return poll(&ready, 1, timeout_msec) > 0;
}

bool log_journal_send(const struct log_field *fields, size_t n_fields, int patience_msec) {
    struct iovec pieces[FIELDS_MAX * PIECES];
    uint64_t sizes[FIELDS_MAX];
    size_t n = 0;

    assert(n_fields <= FIELDS_MAX);
    if (!log_journal_is_there()) {
        return false;
    }
    for (size_t i = 0; i < n_fields; i++) {
        n += add_field(pieces + n, &fields[i], &sizes[i]);
    }
    if (send_pieces(pieces, n) || (errno == EAGAIN && patience_msec > 0 &&
                                   has_room(patience_msec) && send_pieces(pieces, n))) {
        return true;
    }
    if (errno == ECONNREFUSED || errno == ENOTCONN) {
        journal.lost_sec = now_sec();
    }
    return false;
}

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

#define FIELDS_MAX 17u
#define PIECES 5u /* of a field: name, '=' or newline, size, value, newline */
#define RETRY_SEC 1
#define QUEUE_SIZE (128u << 10) /* any entry fits, and some more */

static struct {
    int fd; /* or -1 */
    struct sockaddr_un address;
    time_t lost_sec; /* when it last refused, by the monotonic clock; 0: it is there */
    size_t kept;     /* bytes of the queue */
    uint64_t n_lost;
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
    journal.kept = 0;
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
    bool is_sent = sendmsg(journal.fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;

    if (!is_sent && (errno == ECONNREFUSED || errno == ENOTCONN)) {
        journal.lost_sec = now_sec();
    }
    return is_sent;
}

// -- what is kept: the size of an entry, then the entry, and so on --------------------------------

static char queue[QUEUE_SIZE]; /* apart, so that it takes no room in the file */

static void keep(const struct iovec *pieces, size_t n_pieces) {
    size_t size = 0;

    for (size_t i = 0; i < n_pieces; i++) {
        size += pieces[i].iov_len;
    }
    // Once an entry is lost, so are those after it until the journal has caught up: one gap.
    if (journal.kept + sizeof(size) + size > QUEUE_SIZE ||
        (journal.n_lost > 0 && journal.kept > 0)) {
        journal.n_lost++;
        return;
    }
    memcpy(queue + journal.kept, &size, sizeof(size));
    journal.kept += sizeof(size);
    for (size_t i = 0; i < n_pieces; i++) {
        memcpy(queue + journal.kept, pieces[i].iov_base, pieces[i].iov_len);
        journal.kept += pieces[i].iov_len;
    }
}

// Sends the entry at AT. Returns what it took of the queue; 0: there is no room for it yet. Nobody
// takes what was meant for a journal that is gone.
static size_t send_kept(size_t at) {
    size_t size = 0;

    memcpy(&size, queue + at, sizeof(size));
    if (!send_pieces(&(struct iovec){queue + at + sizeof(size), size}, 1)) {
        if (errno == EAGAIN) {
            return 0;
        }
        journal.n_lost++;
    }
    return sizeof(size) + size;
}

static void send_all_kept(void) {
    size_t at = 0, n = 0;

    while (at < journal.kept && (n = send_kept(at)) > 0) {
        at += n;
    }
    memmove(queue, queue + at, journal.kept - at);
    journal.kept -= at;
}

static int64_t now_msec(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void log_journal_flush(int timeout_msec) {
    struct pollfd ready = {.fd = journal.fd, .events = POLLOUT};
    int64_t end = timeout_msec > 0 ? now_msec() + timeout_msec : 0, left = timeout_msec;

    if (journal.kept > 0) {
        send_all_kept();
    }
    for (; journal.kept > 0 && left > 0; left = end - now_msec()) {
        (void)poll(&ready, 1, (int)left);
        send_all_kept();
    }
}

bool log_journal_send(const struct log_field *fields, size_t n_fields) {
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
    if (journal.kept == 0 && send_pieces(pieces, n)) {
        return true;
    }
    if (journal.kept == 0 && errno != EAGAIN) {
        return false;
    }
    keep(pieces, n);
    return true;
}

bool log_journal_is_empty(void) {
    return journal.kept == 0;
}

int log_journal_fd(void) {
    return journal.fd;
}

uint64_t log_journal_take_lost(void) {
    uint64_t n = journal.n_lost;

    journal.n_lost = 0;
    return n;
}

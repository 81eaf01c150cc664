// SPDX-License-Identifier: MIT
#include "daemon/storage/storage-sync.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "daemon/handler.h"
#include "daemon/loop/loop.h"

#define DONE_MAX 16

// One or more files on their way to the disk, for one who asked, or for nobody.
struct batch {
    struct storage_sync *sync;
    storage_sync_function function; /* NULL: nobody */
    void *context;
    uint32_t n_left;
    int error; /* the first */
    LIST_ENTRY(batch) all;
};

// One file of a batch, for which the kernel has no place yet.
struct waiting {
    struct batch *batch;
    int fd; /* our own */
    STAILQ_ENTRY(waiting) next;
};

struct mark {
    int fd; /* our own */
    dev_t device;
    ino_t inode;
};

struct storage_sync {
    struct loop *loop;
    aio_context_t aio;
    int event_fd; /* rung for each that is done; -1: not begun */
    struct source *source;
    bool is_refused; /* the kernel, or who confines us, has no such interface: fsync() it is */
    struct mark marks[STORAGE_SYNC_MARKS]; /* oldest first */
    size_t n_marks;
    uint32_t period;
    LIST_HEAD(, batch) batches;
    size_t n_under_way;
    STAILQ_HEAD(, waiting)
    waiting; /* oldest first; none unless STORAGE_SYNC_UNDER_WAY are under way */
    size_t n_waiting;
};

// -- batches -------------------------------------------------------------------------------------

static void batch_end(struct batch *batch, int error) {
    LIST_REMOVE(batch, all);
    if (batch->function) {
        batch->function(batch->context, error);
    }
    free(batch);
}

static struct batch *batch_new(struct storage_sync *sync, storage_sync_function function,
                               void *context) {
    struct batch *batch = calloc(1, sizeof(*batch));

    if (batch) {
        *batch = (struct batch){.sync = sync, .function = function, .context = context};
        LIST_INSERT_HEAD(&sync->batches, batch, all);
    }
    return batch;
}

// The first call that is told of a failure is the last: the kernel forgets it.
static void written(struct batch *batch, int64_t result) {
    if (result < 0 && batch->error == 0) {
        batch->error = (int)-result;
    }
    if (batch->error != 0 && !batch->function) {
        log_warning("storage: cannot be written to disk: error %d", batch->error);
    }
    if (--batch->n_left == 0) {
        batch_end(batch, batch->error);
    }
}

static void start_waiting(struct storage_sync *sync);

static int on_written(void *context, uint32_t events) {
    struct storage_sync *sync = context;
    struct io_event done[DONE_MAX];
    struct timespec at_once = {0};
    uint64_t n_rings;
    long n = DONE_MAX;

    (void)events;
    (void)!read(sync->event_fd, &n_rings, sizeof(n_rings));
    while (n == DONE_MAX || (n < 0 && errno == EINTR)) {
        n = syscall(SYS_io_getevents, sync->aio, 0, DONE_MAX, done, &at_once);
        for (long i = 0; i < n; i++) {
            sync->n_under_way--;
            // It comes back as it was given; the worker has no hand in it.
            written((struct batch *)(uintptr_t)done[i].data, done[i].res); // NOLINT
        }
    }
    if (n < 0) {
        return log_errno(errno, "storage: cannot hear of what was written to disk");
    }
    start_waiting(sync);
    return 0;
}

// -- the kernel's interface ----------------------------------------------------------------------

static int begin(struct storage_sync *sync) {
    CLEANUP_FD int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int r;

    if (fd < 0) {
        return -errno;
    }
    if (syscall(SYS_io_setup, STORAGE_SYNC_UNDER_WAY, &sync->aio) < 0) {
        return -errno;
    }
    r = source_new(sync->loop, fd, EPOLLIN, on_written, sync, &sync->source);
    if (r < 0) {
        (void)syscall(SYS_io_destroy, sync->aio);
        sync->aio = 0;
        return r;
    }
    sync->event_fd = steal_fd(&fd);
    return 0;
}

// Not before the first file is to be written to disk: most apps never ask.
static bool has_begun(struct storage_sync *sync) {
    int r = 0;

    if (sync->event_fd < 0 && !sync->is_refused) {
        r = begin(sync);
    }
    if (r < 0) {
        sync->is_refused = true;
        (void)log_errno(r, "storage: no asynchronous fsync, so the disk holds the app up");
    }
    return sync->event_fd >= 0;
}

// Returns 0 or an errno.
static int start(struct storage_sync *sync, int fd, struct batch *batch) {
    struct iocb block = {
        .aio_data = (uintptr_t)batch,
        .aio_lio_opcode = IOCB_CMD_FSYNC,
        .aio_fildes = (uint32_t)fd,
        .aio_flags = IOCB_FLAG_RESFD,
        .aio_resfd = (uint32_t)sync->event_fd,
    };
    struct iocb *blocks = &block;

    if (syscall(SYS_io_submit, sync->aio, 1, &blocks) < 1) {
        return errno;
    }
    sync->n_under_way++;
    return 0;
}

// -- who waits for the kernel --------------------------------------------------------------------

// FD may be closed before its turn comes. Returns 0 or an errno.
static int wait_for_turn(struct storage_sync *sync, int fd, struct batch *batch) {
    struct waiting *waiting;

    if (sync->n_waiting == STORAGE_SYNC_WAITING) {
        return EAGAIN;
    }
    waiting = malloc(sizeof(*waiting));
    if (!waiting) {
        return ENOMEM;
    }
    *waiting = (struct waiting){.batch = batch, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    if (waiting->fd < 0) {
        free(waiting);
        return EAGAIN; // too much is open
    }
    STAILQ_INSERT_TAIL(&sync->waiting, waiting, next);
    sync->n_waiting++;
    return 0;
}

static void waiting_end(struct storage_sync *sync, struct waiting *waiting) {
    STAILQ_REMOVE_HEAD(&sync->waiting, next);
    sync->n_waiting--;
    close_fd(waiting->fd);
    free(waiting);
}

static void start_waiting(struct storage_sync *sync) {
    struct waiting *waiting;

    while (sync->n_under_way < STORAGE_SYNC_UNDER_WAY && (waiting = STAILQ_FIRST(&sync->waiting))) {
        struct batch *batch = waiting->batch;
        int r = start(sync, waiting->fd, batch);

        waiting_end(sync, waiting);
        if (r != 0) {
            written(batch, -r);
        }
    }
}

// Returns 0 or an errno.
static int submit(struct storage_sync *sync, int fd, struct batch *batch) {
    int r = sync->n_under_way < STORAGE_SYNC_UNDER_WAY ? start(sync, fd, batch)
                                                       : wait_for_turn(sync, fd, batch);

    batch->n_left += r == 0;
    return r;
}

static int sync_now(int fd) {
    return fsync(fd) < 0 ? errno : 0;
}

int storage_sync_file(struct storage_sync *sync, int fd, storage_sync_function function,
                      void *context) {
    struct batch *batch;
    int r;

    if (!has_begun(sync)) {
        return sync_now(fd);
    }
    batch = batch_new(sync, function, context);
    if (!batch) {
        return ENOMEM;
    }
    r = submit(sync, fd, batch);
    if (r != 0) {
        batch->function = NULL;
        batch_end(batch, 0);
        return r;
    }
    return CALL_LATER;
}

// -- what was changed ----------------------------------------------------------------------------

static size_t find_mark(const struct storage_sync *sync, const struct stat *status) {
    size_t i = 0;

    while (i < sync->n_marks &&
           (sync->marks[i].inode != status->st_ino || sync->marks[i].device != status->st_dev)) {
        i++;
    }
    return i;
}

static void forget(struct storage_sync *sync, size_t index) {
    close_fd(sync->marks[index].fd);
    sync->n_marks--;
    for (size_t i = index; i < sync->n_marks; i++) {
        sync->marks[i] = sync->marks[i + 1];
    }
}

// What is not marked is sent to the disk, if not too many are, and nobody waits for it.
static void send_off(struct storage_sync *sync, int fd) {
    if (has_begun(sync)) {
        (void)storage_sync_file(sync, fd, NULL, NULL);
    }
}

void storage_sync_forget(struct storage_sync *sync, const struct stat *status) {
    size_t index = find_mark(sync, status);

    if (index < sync->n_marks) {
        forget(sync, index);
    }
}

void storage_sync_mark(struct storage_sync *sync, int fd) {
    struct stat status;
    int own = -1;

    if (fstat(fd, &status) < 0) {
        send_off(sync, fd);
        return;
    }
    if (find_mark(sync, &status) < sync->n_marks) {
        return;
    }
    if (sync->n_marks == STORAGE_SYNC_MARKS) {
        send_off(sync, sync->marks[0].fd); /* the oldest */
        forget(sync, 0);
    }
    own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0) {
        send_off(sync, fd);
        return;
    }
    sync->marks[sync->n_marks++] =
        (struct mark){.fd = own, .device = status.st_dev, .inode = status.st_ino};
}

uint32_t storage_sync_period(const struct storage_sync *sync) {
    return sync->period;
}

static void forget_all(struct storage_sync *sync) {
    for (size_t i = 0; i < sync->n_marks; i++) {
        close_fd(sync->marks[i].fd);
    }
    sync->n_marks = 0;
    sync->period++;
}

static int sync_all_now(struct storage_sync *sync) {
    int error = 0;

    for (size_t i = 0; i < sync->n_marks; i++) {
        int r = sync_now(sync->marks[i].fd);

        error = error == 0 ? r : error;
    }
    forget_all(sync);
    return error;
}

int storage_sync_all(struct storage_sync *sync, storage_sync_function function, void *context) {
    struct batch *batch;
    int error = 0;

    if (sync->n_marks == 0 || !has_begun(sync)) {
        return sync_all_now(sync);
    }
    batch = batch_new(sync, function, context);
    if (!batch) {
        return ENOMEM;
    }
    for (size_t i = 0; i < sync->n_marks && error == 0; i++) {
        error = submit(sync, sync->marks[i].fd, batch);
    }
    if (batch->n_left == 0) {
        batch->function = NULL;
        batch_end(batch, 0);
        return error;
    }
    batch->error = error;
    if (error == 0) {
        forget_all(sync);
    }
    return CALL_LATER;
}

// -- the whole -----------------------------------------------------------------------------------

int storage_sync_new(struct loop *loop, struct storage_sync **ret_sync) {
    struct storage_sync *sync = calloc(1, sizeof(*sync));

    if (!sync) {
        return -ENOMEM;
    }
    sync->loop = loop;
    sync->event_fd = -1;
    LIST_INIT(&sync->batches);
    STAILQ_INIT(&sync->waiting);
    *ret_sync = sync;
    return 0;
}

struct storage_sync *storage_sync_free(struct storage_sync *sync) {
    struct waiting *waiting;
    struct batch *batch;

    if (!sync) {
        return NULL;
    }
    if (sync->event_fd >= 0) {
        (void)syscall(SYS_io_destroy, sync->aio); /* waits */
        source_free(sync->source);
        close_fd(sync->event_fd);
    }
    while ((waiting = STAILQ_FIRST(&sync->waiting))) {
        waiting_end(sync, waiting);
    }
    while ((batch = LIST_FIRST(&sync->batches))) {
        batch_end(batch, ECANCELED);
    }
    forget_all(sync);
    free(sync);
    return NULL;
}

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/handler.h"
#include "daemon/storage/storage-file.h"
#include "daemon/storage/storage-sync.h"

// Files of the app's storage. Where a path leads and what it costs is in daemon/storage/.

_Static_assert((int)STORAGE_NEVER == FILE_OPEN_CREATION_NEVER &&
                   (int)STORAGE_IF_MISSING == FILE_OPEN_CREATION_MISSING &&
                   (int)STORAGE_EMPTY == FILE_OPEN_CREATION_EMPTY &&
                   (int)STORAGE_NEW == FILE_OPEN_CREATION_NEW,
               "passed on as they are");

static void file_free(void *object) {
    storage_handle_done(object);
    free(object);
}

int handle_file_open(struct call *call, const char *path, uint32_t access, uint32_t creation,
                     int64_t *ret_result) {
    static const int modes[] = {[FILE_OPEN_ACCESS_READ] = O_RDONLY,
                                [FILE_OPEN_ACCESS_WRITE] = O_WRONLY,
                                [FILE_OPEN_ACCESS_BOTH] = O_RDWR};
    struct storage *storage = app_storage(call_app(call));
    CLEANUP_FREE struct storage_handle *file = NULL;
    struct handle *handle = NULL;
    int r;

    if (!storage) {
        return ENODEV;
    }
    file = malloc(sizeof(*file));
    if (!file) {
        return ENOMEM;
    }
    *file = (struct storage_handle){.fd = -1};
    // Before it is opened: what opening has made or emptied would stay so without a handle.
    r = handle_new(call_app(call), HANDLE_FILE, file, file_free, &handle);
    if (r != 0) {
        return r;
    }
    r = storage_open_file(storage, path, modes[access], (enum storage_creation)creation, file);
    file = NULL; /* the handle's */
    if (r != 0) {
        handle_free(handle);
        return r;
    }
    *ret_result = handle_number(handle);
    return 0;
}

int handle_file_close(struct call *call, struct handle *handle) {
    handle_free(handle);
    return 0;
}

int handle_file_read(struct call *call, struct handle *handle, int64_t offset, struct window data,
                     int64_t *ret_result) {
    const struct storage_handle *file = handle_object(handle);
    ssize_t n = pread(file->fd, data.data, data.size, offset);

    if (n < 0) {
        return errno;
    }
    *ret_result = n;
    return 0;
}

int handle_file_write(struct call *call, struct handle *handle, int64_t offset, struct bytes data,
                      int64_t *ret_result) {
    return storage_write(handle_object(handle), offset, data.data, data.size, ret_result);
}

int handle_file_resize(struct call *call, struct handle *handle, int64_t size) {
    return storage_resize(handle_object(handle), (uint64_t)size);
}

int handle_file_size(struct call *call, struct handle *handle, int64_t *ret_result) {
    const struct storage_handle *file = handle_object(handle);
    struct stat status;

    if (fstat(file->fd, &status) < 0) {
        return errno;
    }
    *ret_result = status.st_size;
    return 0;
}

// -- to disk -------------------------------------------------------------------------------------

// A call that waits for the disk. It may end before it, cancelled or by the death of its worker.
struct waiting {
    struct app *app;
    struct call_reference reference;
};

static void on_written(void *context, int error) {
    CLEANUP_FREE struct waiting *waiting = context;

    call_complete(waiting->app, waiting->reference, -error);
}

// FD -1: all that was changed.
static int wait_for_disk(struct call *call, struct storage *storage, int fd) {
    CLEANUP_FREE struct waiting *waiting = malloc(sizeof(*waiting));
    int r;

    if (!waiting) {
        return ENOMEM;
    }
    waiting->app = call_app(call);
    r = fd >= 0 ? storage_sync_file(storage->sync, fd, on_written, waiting)
                : storage_sync_all(storage->sync, on_written, waiting);
    if (r == CALL_LATER) {
        waiting->reference = call_reference(call); /* the loop's turn comes after this */
        waiting = NULL;
    }
    return r;
}

int handle_file_sync(struct call *call, struct handle *handle) {
    const struct storage_handle *file = handle_object(handle);

    return wait_for_disk(call, file->file->storage, file->fd);
}

int handle_file_settle(struct call *call) {
    struct storage *storage = app_storage(call_app(call));

    return storage ? wait_for_disk(call, storage, -1) : ENODEV;
}

// -- names ---------------------------------------------------------------------------------------

int handle_file_stat(struct call *call, const char *path, struct window status) {
    const struct storage *storage = app_storage(call_app(call));
    struct wire_file_status told = {0};
    struct stat found;
    int r;

    if (!storage) {
        return ENODEV;
    }
    if (status.size != sizeof(told)) {
        return EINVAL;
    }
    r = storage_status(storage, path, &found);
    if (r != 0) {
        return r;
    }
    told.kind = S_ISDIR(found.st_mode) ? WIRE_DIRECTORY : WIRE_FILE;
    told.size = told.kind == WIRE_FILE ? (uint64_t)found.st_size : 0;
    if (__builtin_mul_overflow(found.st_mtim.tv_sec, 1000000000, &told.mtime_nsec) ||
        __builtin_add_overflow(told.mtime_nsec, found.st_mtim.tv_nsec, &told.mtime_nsec)) {
        told.mtime_nsec = 0; /* of a file that somebody dated beyond 2262 */
    }
    memcpy(status.data, &told, sizeof(told));
    return 0;
}

int handle_file_mkdir(struct call *call, const char *path) {
    struct storage *storage = app_storage(call_app(call));

    return storage ? storage_make_directory(storage, path) : ENODEV;
}

int handle_file_rmdir(struct call *call, const char *path) {
    struct storage *storage = app_storage(call_app(call));

    return storage ? storage_remove_directory(storage, path) : ENODEV;
}

int handle_file_remove(struct call *call, const char *path) {
    struct storage *storage = app_storage(call_app(call));

    return storage ? storage_remove(storage, path) : ENODEV;
}

int handle_file_rename(struct call *call, const char *source, const char *target) {
    struct storage *storage = app_storage(call_app(call));

    return storage ? storage_rename(storage, source, target) : ENODEV;
}

int handle_file_space(struct call *call, struct window space) {
    const struct storage *storage = app_storage(call_app(call));
    struct wire_file_space told = {.unit = STORAGE_UNIT};
    int r;

    if (!storage) {
        return ENODEV;
    }
    if (space.size != sizeof(told)) {
        return EINVAL;
    }
    r = storage_space(storage, &told.n_units, &told.n_free);
    if (r == 0) {
        memcpy(space.data, &told, sizeof(told));
    }
    return r;
}

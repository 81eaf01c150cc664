// SPDX-License-Identifier: MIT
#include "daemon/storage/storage-file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/storage/storage-path.h"
#include "daemon/storage/storage-sync.h"

// It is looked at before it is opened: what is no file is not touched. In between somebody else may
// put something there, which is opened without waiting, found out and closed.
#define FILE_FLAGS (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

#define CLEANUP_PLACE CLEANUP(storage_place_done)

// -- files that are open -------------------------------------------------------------------------

static struct storage_file *find_open(const struct storage *storage, const struct stat *status) {
    struct storage_file *file;

    LIST_FOREACH(file, &storage->open, all) {
        if (file->inode == status->st_ino && file->device == status->st_dev) {
            return file;
        }
    }
    return NULL;
}

static int file_open(struct storage *storage, const struct stat *status,
                     struct storage_file **ret_file) {
    struct storage_file *file = find_open(storage, status);

    if (!file) {
        file = calloc(1, sizeof(*file));
        if (!file) {
            return ENOMEM;
        }
        *file = (struct storage_file){
            .storage = storage, .device = status->st_dev, .inode = status->st_ino};
        LIST_INSERT_HEAD(&storage->open, file, all);
    }
    file->n_open++;
    *ret_file = file;
    return 0;
}

// The name of a file or directory is gone: its units come back, unless it is open.
static void removed(struct storage *storage, const struct stat *status) {
    struct storage_file *file = find_open(storage, status);

    storage_sync_forget(storage->sync, status);
    if (S_ISDIR(status->st_mode)) {
        storage_refund(storage, 1);
    } else if (file) {
        file->is_removed = true;
    } else {
        storage_refund(storage, storage_units((uint64_t)status->st_size));
    }
}

static void changed(struct storage_handle *handle) {
    struct storage_sync *sync = handle->file->storage->sync;

    if (!handle->file->is_removed && handle->period != storage_sync_period(sync) + 1) {
        storage_sync_mark(sync, handle->fd);
        handle->period = storage_sync_period(sync) + 1;
    }
}

void storage_handle_done(struct storage_handle *handle) {
    struct storage_file *file = handle->file;
    struct stat status;

    if (file && --file->n_open == 0) {
        if (file->is_removed && fstat(handle->fd, &status) == 0) {
            storage_refund(file->storage, storage_units((uint64_t)status.st_size));
        }
        LIST_REMOVE(file, all);
        free(file);
    }
    handle->file = NULL;
    handle->fd = close_fd(handle->fd);
}

// -- opening -------------------------------------------------------------------------------------

static int create(struct storage *storage, const struct storage_place *place, int access,
                  int *ret_fd) {
    int r = storage_charge(storage, 1);

    if (r != 0) {
        return r;
    }
    *ret_fd = openat(place->parent, place->name, access | O_CREAT | O_EXCL | FILE_FLAGS, 0600);
    if (*ret_fd < 0) {
        r = errno;
        storage_refund(storage, 1);
        return r;
    }
    storage_sync_mark(storage->sync, place->parent);
    return 0;
}

static int open_existing(struct storage *storage, const struct storage_place *place, int access,
                         int *ret_fd) {
    CLEANUP_FD int fd = openat(place->parent, place->name, access | FILE_FLAGS);
    struct stat status;
    int r;

    if (fd < 0) {
        return errno;
    }
    r = storage_look_at(storage, fd, NULL, &status);
    if (r == 0 && !S_ISREG(status.st_mode)) {
        r = EISDIR;
    }
    if (r == 0) {
        *ret_fd = steal_fd(&fd);
    }
    return r;
}

static int open_place(struct storage *storage, const struct storage_place *place, int access,
                      enum storage_creation creation, int *ret_fd) {
    struct stat status;
    int r = storage_look(storage, place, &status);

    if (r == ENOENT && creation != STORAGE_NEVER) {
        return create(storage, place, access, ret_fd);
    }
    if (r != 0) {
        return r;
    }
    if (creation == STORAGE_NEW) {
        return EEXIST;
    }
    return S_ISDIR(status.st_mode) ? EISDIR : open_existing(storage, place, access, ret_fd);
}

static void handle_donep(struct storage_handle *handle) {
    storage_handle_done(handle);
}

int storage_open_file(struct storage *storage, const char *path, int access,
                      enum storage_creation creation, struct storage_handle *ret_handle) {
    CLEANUP_PLACE struct storage_place place = STORAGE_PLACE_INIT;
    CLEANUP(handle_donep) struct storage_handle handle = {.fd = -1};
    struct stat status;
    int r = storage_find(storage, path, &place);

    if (r == 0) {
        r = open_place(storage, &place, access, creation, &handle.fd);
    }
    if (r == 0) {
        r = fstat(handle.fd, &status) < 0 ? errno : file_open(storage, &status, &handle.file);
    }
    if (r == 0 && creation == STORAGE_EMPTY && status.st_size > 0) {
        r = storage_resize(&handle, 0);
    }
    if (r == 0) {
        *ret_handle = handle;
        handle = (struct storage_handle){.fd = -1};
    }
    return r;
}

// -- writing -------------------------------------------------------------------------------------

// Charges what HANDLE's file takes more when it has SIZE bytes. *ret_units is what it takes now.
static int charge_growth(struct storage_handle *handle, uint64_t now, uint64_t size) {
    uint64_t before = storage_units(now), after = storage_units(size);

    return after > before ? storage_charge(handle->file->storage, after - before) : 0;
}

// What was charged for SIZE bytes and is not taken, for a disk that was full, comes back.
static void settle(struct storage_handle *handle, uint64_t size) {
    struct stat status;

    if (fstat(handle->fd, &status) == 0 && (uint64_t)status.st_size < size) {
        storage_refund(handle->file->storage,
                       storage_units(size) - storage_units((uint64_t)status.st_size));
    }
}

int storage_write(struct storage_handle *handle, int64_t offset, const void *data, size_t size,
                  int64_t *ret_size) {
    struct stat status;
    int64_t end = 0;
    ssize_t n;
    int r;

    assert(handle->file); /* it is open */
    if (fstat(handle->fd, &status) < 0) {
        return errno;
    }
    if (offset < 0) {
        offset = status.st_size;
    }
    if (size == 0) {
        *ret_size = 0;
        return 0;
    }
    if (__builtin_add_overflow(offset, (int64_t)size, &end)) {
        return ENOSPC;
    }
    end = end > status.st_size ? end : status.st_size;
    r = charge_growth(handle, (uint64_t)status.st_size, (uint64_t)end);
    if (r != 0) {
        return r;
    }
    n = pwrite(handle->fd, data, size, offset);
    r = n < 0 ? errno : 0;
    if (n < (ssize_t)size) {
        settle(handle, (uint64_t)end);
    }
    if (r == 0) {
        changed(handle);
        *ret_size = n;
    }
    return r;
}

int storage_resize(struct storage_handle *handle, uint64_t size) {
    struct stat status;
    int r;

    assert(handle->file); /* it is open */
    if (fstat(handle->fd, &status) < 0) {
        return errno;
    }
    r = charge_growth(handle, (uint64_t)status.st_size, size);
    if (r != 0) {
        return r;
    }
    if (ftruncate(handle->fd, (off_t)size) < 0) {
        r = errno;
        settle(handle, size);
        return r;
    }
    if (size < (uint64_t)status.st_size) {
        storage_refund(handle->file->storage,
                       storage_units((uint64_t)status.st_size) - storage_units(size));
    }
    changed(handle);
    return 0;
}

// -- names ---------------------------------------------------------------------------------------

int storage_status(const struct storage *storage, const char *path, struct stat *ret_status) {
    CLEANUP_PLACE struct storage_place place = STORAGE_PLACE_INIT;
    int r = storage_find(storage, path, &place);

    return r == 0 ? storage_look(storage, &place, ret_status) : r;
}

int storage_make_directory(struct storage *storage, const char *path) {
    CLEANUP_PLACE struct storage_place place = STORAGE_PLACE_INIT;
    int r = storage_find(storage, path, &place);

    if (r == 0 && place.depth == 0) {
        return EEXIST;
    }
    if (r == 0) {
        r = storage_charge(storage, 1);
    }
    if (r != 0) {
        return r;
    }
    if (mkdirat(place.parent, place.name, 0700) < 0) {
        r = errno;
        storage_refund(storage, 1);
        return r;
    }
    storage_sync_mark(storage->sync, place.parent);
    return 0;
}

// FLAGS: AT_REMOVEDIR for a directory.
static int remove_at(struct storage *storage, const char *path, int flags) {
    CLEANUP_PLACE struct storage_place place = STORAGE_PLACE_INIT;
    struct stat status;
    int r = storage_find(storage, path, &place);

    if (r == 0 && place.depth == 0) {
        return flags ? EBUSY : EISDIR;
    }
    if (r == 0) {
        r = storage_look(storage, &place, &status);
    }
    if (r != 0) {
        return r;
    }
    if (S_ISDIR(status.st_mode) != (flags != 0)) {
        return flags ? ENOTDIR : EISDIR;
    }
    if (unlinkat(place.parent, place.name, flags) < 0) {
        return errno;
    }
    removed(storage, &status);
    storage_sync_mark(storage->sync, place.parent);
    return 0;
}

int storage_remove_directory(struct storage *storage, const char *path) {
    return remove_at(storage, path, AT_REMOVEDIR);
}

int storage_remove(struct storage *storage, const char *path) {
    return remove_at(storage, path, 0);
}

// What somebody else put at TO must not go away for it: ENOENT with a name that is taken.
static int look_at_target(const struct storage *storage, const struct storage_place *to,
                          struct stat *ret_status) {
    struct stat status;
    int r = storage_look(storage, to, ret_status);

    if (r != ENOENT) {
        return r;
    }
    return fstatat(to->parent, to->name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? EEXIST : errno;
}

static int rename_place(struct storage *storage, const struct storage_place *from,
                        const struct storage_place *to) {
    struct stat moved, replaced;
    int r = storage_look(storage, from, &moved), found;

    if (r != 0) {
        return r;
    }
    found = look_at_target(storage, to, &replaced);
    if (found != 0 && found != ENOENT) {
        return found;
    }
    if (S_ISDIR(moved.st_mode) && to->depth > from->depth) {
        return ENAMETOOLONG;
    }
    if (renameat(from->parent, from->name, to->parent, to->name) < 0) {
        return errno;
    }
    if (found == 0 && replaced.st_ino != moved.st_ino) {
        removed(storage, &replaced);
    }
    storage_sync_mark(storage->sync, from->parent);
    storage_sync_mark(storage->sync, to->parent);
    return 0;
}

int storage_rename(struct storage *storage, const char *from, const char *to) {
    CLEANUP_PLACE struct storage_place old = STORAGE_PLACE_INIT, new = STORAGE_PLACE_INIT;
    int r = storage_find(storage, from, &old);

    if (r == 0) {
        r = storage_find(storage, to, &new);
    }
    if (r == 0 && (old.depth == 0 || new.depth == 0)) {
        return EBUSY;
    }
    return r == 0 ? rename_place(storage, &old, &new) : r;
}

int storage_space(const struct storage *storage, uint64_t *ret_units, uint64_t *ret_free) {
    uint64_t left = storage->used < storage->quota ? storage->quota - storage->used : 0, on_disk;
    struct statfs status;

    if (fstatfs(storage->data_fd, &status) < 0) {
        return errno;
    }
    on_disk = (uint64_t)status.f_bavail * (uint64_t)status.f_bsize / STORAGE_UNIT;
    *ret_units = storage->quota;
    *ret_free = left < on_disk ? left : on_disk;
    return 0;
}

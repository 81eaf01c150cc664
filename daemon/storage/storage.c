// SPDX-License-Identifier: MIT
#include "daemon/storage/storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/storage/storage-sync.h"

#define DATA "data"
#define CRASH "crash"
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

// -- units ---------------------------------------------------------------------------------------

uint64_t storage_units(uint64_t size) {
    uint64_t units = size / STORAGE_UNIT + (size % STORAGE_UNIT != 0);

    return units > 0 ? units : 1;
}

int storage_charge(struct storage *storage, uint64_t units) {
    if (storage->used > storage->quota || units > storage->quota - storage->used) {
        if (units > 0) {
            storage->n_full++;
            return ENOSPC;
        }
        return 0;
    }
    storage->used += units;
    return 0;
}

// Never below what it knows of: somebody else may have made a file smaller.
void storage_refund(struct storage *storage, uint64_t units) {
    storage->used -= units < storage->used ? units : storage->used;
}

void storage_set_quota(struct storage *storage, uint64_t size) {
    storage->quota = size / STORAGE_UNIT;
}

// -- counting ------------------------------------------------------------------------------------

static void close_directory(DIR **directory) {
    if (*directory) {
        (void)closedir(*directory);
    }
}

static int count(struct storage *storage, int parent, const char *name, unsigned depth);

static int count_entry(struct storage *storage, DIR *directory, const char *name, unsigned depth) {
    struct stat status;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return 0;
    }
    if (fstatat(dirfd(directory), name, &status, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    if (S_ISREG(status.st_mode)) {
        storage->used += storage_units((uint64_t)status.st_size);
        return 0;
    }
    if (!S_ISDIR(status.st_mode) || status.st_dev != storage->device ||
        depth == STORAGE_DEPTH_MAX) {
        storage->n_foreign++;
        return 0;
    }
    storage->used++;
    return count(storage, dirfd(directory), name, depth + 1);
}

// Adds what is in the directory NAME, which is DEPTH below data: never deeper than the app can make
// them, so the recursion ends.
static int count(struct storage *storage, int parent, const char *name, unsigned depth) {
    CLEANUP_FD int fd = openat(parent, name, DIRECTORY_FLAGS);
    CLEANUP(close_directory) DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    int r = 0;

    if (!directory) {
        return -errno;
    }
    (void)steal_fd(&fd);
    errno = 0;
    while (r == 0 && (entry = readdir(directory))) {
        r = count_entry(storage, directory, entry->d_name, depth);
        errno = 0;
    }
    return r < 0 ? r : -errno;
}

// -- laying out ----------------------------------------------------------------------------------

// Whether there are files, which have had a header once. Returns 1, 0 or -errno.
static int has_data(const struct storage *storage) {
    struct storage counted = {.device = 0};
    int r = count(&counted, storage->state_fd, DATA, STORAGE_DEPTH_MAX);

    return r == -ENOENT ? 0 : r < 0 ? r : counted.used + counted.n_foreign > 0;
}

static int make_directory(int state_fd, const char *name) {
    return mkdirat(state_fd, name, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

// The header last: a power cut in between leaves a first run.
static int lay_out(struct storage *storage, const char *app) {
    int r = make_directory(storage->state_fd, DATA);

    if (r == 0) {
        r = make_directory(storage->state_fd, CRASH);
    }
    return r == 0 ? volume_write(storage->state_fd, app) : r;
}

static int open_data(struct storage *storage, char why[VOLUME_WHY_SIZE]) {
    CLEANUP_FD int fd = openat(storage->state_fd, DATA, DIRECTORY_FLAGS);
    struct stat status;
    int r;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
        (void)snprintf(why, VOLUME_WHY_SIZE, "its directory of files, " DATA ", is gone");
        return STORAGE_CORRUPT;
    }
    if (fd < 0 || fstat(fd, &status) < 0) {
        return -errno;
    }
    storage->device = status.st_dev;
    storage->used = storage->n_foreign = 0;
    r = count(storage, fd, ".", 0);
    if (r == 0) {
        storage->data_fd = steal_fd(&fd);
    }
    return r;
}

int storage_open(struct storage *storage, const char *app, char why[VOLUME_WHY_SIZE]) {
    int r = volume_read(storage->state_fd, app, why), outcome = 0;

    if (r == VOLUME_ABSENT) {
        r = has_data(storage);
        if (r > 0) {
            (void)snprintf(why, VOLUME_WHY_SIZE, "its header is gone, and its files are there");
            return STORAGE_CORRUPT;
        }
        r = r == 0 ? lay_out(storage, app) : r;
        outcome = STORAGE_LAID_OUT;
    }
    if (r != 0) {
        return r == VOLUME_DAMAGED ? STORAGE_CORRUPT : r == VOLUME_FOREIGN ? STORAGE_FOREIGN : r;
    }
    r = open_data(storage, why);
    return r == 0 ? outcome : r;
}

// -- the storage ---------------------------------------------------------------------------------

int storage_new(int state_fd, struct loop *loop, struct storage **ret_storage) {
    CLEANUP_FREE struct storage *storage = calloc(1, sizeof(*storage));
    int r;

    if (!storage) {
        return -ENOMEM;
    }
    storage->state_fd = state_fd;
    storage->data_fd = -1;
    LIST_INIT(&storage->open);
    r = storage_sync_new(loop, &storage->sync);
    if (r < 0) {
        return r;
    }
    *ret_storage = steal_ptr(&storage);
    return 0;
}

struct storage *storage_free(struct storage *storage) {
    if (storage) {
        storage_sync_free(storage->sync);
        close_fd(storage->data_fd);
        close_fd(storage->state_fd);
        free(storage);
    }
    return NULL;
}

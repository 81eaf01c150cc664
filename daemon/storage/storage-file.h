// SPDX-License-Identifier: MIT
#pragma once

// Files and directories of an app's storage, by plain paths (daemon/storage/storage-path.h).
// Everything is charged before it is done and given back if it was not. All return 0 or an errno
// for the app.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/storage/storage.h"

struct stat;

// A file as the app opened it.
struct storage_handle {
    int fd;
    struct storage_file *file;
    uint32_t period; /* in which it was marked as changed; storage_sync_period() + 1, 0: never */
};

enum storage_creation { /* as file.open has them */
                        STORAGE_NEVER = 0,
                        STORAGE_IF_MISSING = 1,
                        STORAGE_EMPTY = 2,
                        STORAGE_NEW = 3,
};

// ACCESS: O_RDONLY, O_WRONLY or O_RDWR. The handle is closed by storage_handle_done().
int storage_open_file(struct storage *storage, const char *path, int access,
                      enum storage_creation creation, struct storage_handle *ret_handle);
void storage_handle_done(struct storage_handle *handle);

// OFFSET -1: at the end. Writes all of SIZE bytes, or what the disk takes.
int storage_write(struct storage_handle *handle, int64_t offset, const void *data, size_t size,
                  int64_t *ret_size);
int storage_resize(struct storage_handle *handle, uint64_t size);

int storage_status(const struct storage *storage, const char *path, struct stat *ret_status);
int storage_make_directory(struct storage *storage, const char *path);
int storage_remove_directory(struct storage *storage, const char *path);
int storage_remove(struct storage *storage, const char *path);

// In one step also over a file that is there: other readers see the one or the other. A directory
// goes to no deeper place, so that none is ever deeper than STORAGE_DEPTH_MAX.
int storage_rename(struct storage *storage, const char *from, const char *to);

// Units: of the quota, and how many of them are free, on the disk too.
int storage_space(const struct storage *storage, uint64_t *ret_units, uint64_t *ret_free);

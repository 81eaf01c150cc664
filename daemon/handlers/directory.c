// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "call/stubs.h"
#include "daemon/handler.h"
#include "daemon/storage/storage-path.h"
#include "daemon/storage/storage.h"

// Directories of the app's storage, read as the kernel gives them: no list is kept, however many
// entries there are.

#define ENTRIES_SIZE 4096u /* entries:out(4096) of file.next */

struct directory {
    const struct storage *storage;
    int fd;
};

static void directory_free(void *object) {
    struct directory *directory = object;

    close_fd(directory->fd);
    free(directory);
}

static int open_directory(const struct storage *storage, const char *path, int *ret_fd) {
    CLEANUP(storage_place_done) struct storage_place place = STORAGE_PLACE_INIT;
    int r = storage_find(storage, path, &place);

    return r == 0 ? storage_open_directory(storage, &place, ret_fd) : r;
}

int handle_file_list(struct call *call, const char *path, int64_t *ret_result) {
    const struct storage *storage = app_storage(call_app(call));
    CLEANUP_FREE struct directory *directory = NULL;
    CLEANUP_FD int fd = -1;
    struct handle *handle = NULL;
    int r;

    if (!storage) {
        return ENODEV;
    }
    r = open_directory(storage, path, &fd);
    if (r != 0) {
        return r;
    }
    directory = malloc(sizeof(*directory));
    if (!directory) {
        return ENOMEM;
    }
    *directory = (struct directory){.storage = storage, .fd = fd};
    r = handle_new(call_app(call), HANDLE_DIRECTORY, directory, directory_free, &handle);
    if (r != 0) {
        return r;
    }
    (void)steal_fd(&fd);
    directory = NULL; /* the handle's */
    *ret_result = handle_number(handle);
    return 0;
}

int handle_file_end(struct call *call, struct handle *handle) {
    handle_free(handle);
    return 0;
}

// Returns 0; ENOENT of what is not told: a name that is no text could not be said in a path; or
// another errno.
static int look(const struct directory *directory, const char *name, struct stat *ret_status) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        !utf8_is_text((const uint8_t *)name, strlen(name))) {
        return ENOENT;
    }
    return storage_look_at(directory->storage, directory->fd, name, ret_status);
}

// Writes NAME to TO. Returns how many bytes that takes.
static size_t tell_entry(const char *name, const struct stat *status, uint8_t *to) {
    struct wire_file_entry told = {
        .kind = S_ISDIR(status->st_mode) ? WIRE_DIRECTORY : WIRE_FILE,
        .size = S_ISDIR(status->st_mode) ? 0 : (uint64_t)status->st_size,
        .name_size = (uint32_t)strlen(name),
    };

    memcpy(to, &told, sizeof(told));
    memcpy(to + sizeof(told), name, told.name_size);
    return sizeof(told) + told.name_size;
}

// Writes what is told of the N bytes of kernel entries at FROM to TO, which has room for them: ours
// are shorter. Returns 0 and *ret_size, the bytes that are, or an errno.
static int tell(const struct directory *directory, const uint8_t *from, size_t n, uint8_t *to,
                size_t *ret_size) {
    size_t size = 0;

    for (size_t at = 0; at < n;) {
        const struct dirent64 *entry = (const void *)(from + at);
        struct stat status;
        int r = look(directory, entry->d_name, &status);

        if (r != 0 && r != ENOENT) {
            return r;
        }
        if (r == 0) {
            size += tell_entry(entry->d_name, &status, to + size);
        }
        at += entry->d_reclen;
    }
    *ret_size = size;
    return 0;
}
_Static_assert(sizeof(struct wire_file_entry) < offsetof(struct dirent64, d_name),
               "ours are shorter");

// Others may have filled a directory with what is not told: the loop's turn must come.
#define BATCHES_MAX 16

int handle_file_next(struct call *call, struct handle *handle, struct window entries,
                     int64_t *ret_result) {
    static alignas(struct dirent64) uint8_t buffer[ENTRIES_SIZE];
    const struct directory *directory = handle_object(handle);

    for (int i = 0; i < BATCHES_MAX; i++) {
        ssize_t n = getdents64(directory->fd, buffer, entries.size);
        size_t size = 0;
        int r = n < 0 ? errno : tell(directory, buffer, (size_t)n, entries.data, &size);

        if (r != 0) {
            return r;
        }
        if (size > 0 || n == 0) {
            *ret_result = (int64_t)size;
            return 0;
        }
    }
    return ENOENT;
}

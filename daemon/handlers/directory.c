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
#include "daemon/storage-path.h"
#include "daemon/storage.h"

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

// A name that is no text could not be said in a path.
static bool is_told(const struct directory *directory, const char *name, struct stat *ret_status) {
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           utf8_is_text((const uint8_t *)name, strlen(name)) &&
           storage_look_at(directory->storage, directory->fd, name, ret_status) == 0;
}

// Writes what is told of the N bytes of kernel entries at FROM to TO, which has room for them: ours
// are shorter. Returns how many bytes that are.
static size_t tell(const struct directory *directory, const uint8_t *from, size_t n, uint8_t *to) {
    size_t size = 0, at = 0;

    while (at < n) {
        const struct dirent64 *entry = (const void *)(from + at);
        struct wire_file_entry told = {.name_size = (uint32_t)strlen(entry->d_name)};
        struct stat status;

        at += entry->d_reclen;
        if (!is_told(directory, entry->d_name, &status)) {
            continue;
        }
        told.kind = S_ISDIR(status.st_mode) ? WIRE_DIRECTORY : WIRE_FILE;
        told.size = told.kind == WIRE_FILE ? (uint64_t)status.st_size : 0;
        memcpy(to + size, &told, sizeof(told));
        memcpy(to + size + sizeof(told), entry->d_name, told.name_size);
        size += sizeof(told) + told.name_size;
    }
    return size;
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
        size_t size;

        if (n < 0) {
            return errno;
        }
        size = tell(directory, buffer, (size_t)n, entries.data);
        if (size > 0 || n == 0) {
            *ret_result = (int64_t)size;
            return 0;
        }
    }
    return ENOENT;
}

// SPDX-License-Identifier: MIT
#include "daemon/storage/storage-path.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/storage/storage.h"

// No openat2() with RESOLVE_BENEATH: where a service manager forbids set-id files, that is missing,
// and no filter can look at its flags (doc/decisions/0028).
#define DIRECTORY_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

// -- what is there -------------------------------------------------------------------------------

// A file with a second name may be anybody's: writing to it would write there. One that lost its
// name is still the app's while it is open. A directory of another device is something that was
// mounted; files may have devices of their own, as on overlayfs, which containers stand on.
static bool is_ours(const struct storage *storage, const struct stat *status) {
    if (S_ISDIR(status->st_mode)) {
        return status->st_dev == storage->device;
    }
    return S_ISREG(status->st_mode) && status->st_nlink <= 1;
}

int storage_look_at(const struct storage *storage, int parent, const char *name,
                    struct stat *ret_status) {
    struct stat status;
    int r = name ? fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) : fstat(parent, &status);

    if (r < 0) {
        return errno;
    }
    if (!is_ours(storage, &status)) {
        return ENOENT;
    }
    *ret_status = status;
    return 0;
}

int storage_look(const struct storage *storage, const struct storage_place *place,
                 struct stat *ret_status) {
    return storage_look_at(storage, place->parent, place->name, ret_status);
}

// -- the way there -------------------------------------------------------------------------------

static int open_directory_at(const struct storage *storage, int parent, const char *name,
                             int *ret_fd) {
    CLEANUP_FD int fd = openat(parent, name, DIRECTORY_FLAGS);
    struct stat status;
    int r;

    if (fd < 0) {
        // A link is not there; the kernel tells that of one in more than one way.
        return errno == ELOOP ? ENOENT : errno;
    }
    r = storage_look_at(storage, fd, NULL, &status);
    if (r == 0) {
        *ret_fd = steal_fd(&fd);
    }
    return r;
}

// Takes the first component off *PATH into NAME. Returns 0 or an errno.
static int take_name(const char **path, char name[STORAGE_NAME_MAX + 1]) {
    size_t size = strcspn(*path, "/");

    if (size > STORAGE_NAME_MAX) {
        return ENAMETOOLONG;
    }
    memcpy(name, *path, size);
    name[size] = '\0';
    if (size == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        return EINVAL;
    }
    *path += size;
    return 0;
}

static void place_donep(struct storage_place *place) {
    storage_place_done(place);
}

int storage_find(const struct storage *storage, const char *path, struct storage_place *ret_place) {
    CLEANUP(place_donep) struct storage_place place = STORAGE_PLACE_INIT;
    char name[STORAGE_NAME_MAX + 1];
    int r = open_directory_at(storage, storage->data_fd, ".", &place.parent);

    place.name = path[0] ? path : ".";
    while (r == 0 && path[0]) {
        place.name = path;
        place.depth++;
        r = place.depth > STORAGE_DEPTH_MAX ? ENAMETOOLONG : take_name(&path, name);
        if (r == 0 && path[0] == '/') {
            int next = -1;

            path++;
            r = path[0] ? open_directory_at(storage, place.parent, name, &next) : EINVAL;
            close_fd(place.parent);
            place.parent = next;
        }
    }
    if (r == 0) {
        *ret_place = place;
        place = STORAGE_PLACE_INIT;
    }
    return r;
}

void storage_place_done(struct storage_place *place) {
    place->parent = close_fd(place->parent);
}

int storage_open_directory(const struct storage *storage, const struct storage_place *place,
                           int *ret_fd) {
    return open_directory_at(storage, place->parent, place->name, ret_fd);
}

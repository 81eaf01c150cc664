// SPDX-License-Identifier: MIT
#include "base/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define NAME_SIZE 256
#define NEW_FLAGS (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

int durable_sync(int directory) {
    return fsync(directory) < 0 ? -errno : 0;
}

int durable_remove(int directory, const char *name) {
    if (unlinkat(directory, name, 0) == 0) {
        return 0;
    }
    if (errno == EISDIR && unlinkat(directory, name, AT_REMOVEDIR) == 0) {
        return 0;
    }
    return errno == ENOENT ? 0 : -errno;
}

// A new file, in place of what a command that was cut off may have left.
static int create(int directory, const char *name, mode_t mode, int *ret_fd) {
    int r = durable_remove(directory, name);
    CLEANUP_FD int fd = r < 0 ? -1 : openat(directory, name, NEW_FLAGS, mode);

    if (fd < 0 || fchmod(fd, mode) < 0) { // whatever the umask is
        return r < 0 ? r : -errno;
    }
    *ret_fd = steal_fd(&fd);
    return 0;
}

static int write_and_sync(int fd, const void *data, size_t size) {
    int r = fd_write_all(fd, data, size);

    return r == 0 && fsync(fd) < 0 ? -errno : r;
}

int durable_write(int directory, const char *name, const void *data, size_t size, mode_t mode) {
    CLEANUP_FD int fd = -1;
    char beside[NAME_SIZE];
    int r;

    (void)snprintf(beside, sizeof(beside), ".%s.new", name);
    r = create(directory, beside, mode, &fd);
    if (r < 0) {
        return r;
    }
    r = write_and_sync(fd, data, size);
    if (r == 0 && renameat(directory, beside, directory, name) < 0) {
        r = -errno;
    }
    if (r < 0) {
        (void)durable_remove(directory, beside);
        return r;
    }
    return durable_sync(directory);
}

int durable_copy(int from, size_t size_limit, int directory, const char *name, mode_t mode) {
    CLEANUP_FD int fd = -1;
    size_t size;
    int r = create(directory, name, mode, &fd);

    if (r == 0) {
        r = fd_copy(from, fd, size_limit, &size);
    }
    return r == 0 && fsync(fd) < 0 ? -errno : r;
}

int durable_directory(int parent, const char *name, mode_t mode, int *ret_fd) {
    CLEANUP_FD int fd = -1;
    int made = mkdirat(parent, name, mode), r;
    struct stat status;

    if (made < 0 && errno != EEXIST) {
        return -errno;
    }
    r = fd_open_kind(parent, name, S_IFDIR, &fd, &status);
    if (r == 0 && made == 0) {
        r = durable_sync(parent);
    }
    if (r == 0) {
        *ret_fd = steal_fd(&fd);
    }
    return r;
}

int durable_path(const char *path, mode_t mode, int *ret_fd) {
    CLEANUP_FREE char *parent = strdup(path);
    char *name = parent ? strrchr(parent, '/') : NULL;
    CLEANUP_FD int fd = -1;
    struct stat status;
    int r;

    if (!name || name == parent || !name[1]) { // none of ours is like that
        return parent ? -EINVAL : -ENOMEM;
    }
    *name++ = '\0';
    r = fd_open_kind(AT_FDCWD, parent, S_IFDIR, &fd, &status);
    return r < 0 ? r : durable_directory(fd, name, mode, ret_fd);
}

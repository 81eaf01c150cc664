// SPDX-License-Identifier: MIT
#include "ctl/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

// Reads FD to its end into the ROOM bytes at DATA. Returns 0 and *ret_size, or -errno; -EFBIG if
// there is more.
static int read_to_end(int fd, uint8_t *data, size_t room, size_t *ret_size) {
    size_t size = 0;

    for (;;) {
        uint8_t beyond;
        ssize_t n = size < room ? read(fd, data + size, room - size) : read(fd, &beyond, 1);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        if (n == 0) {
            *ret_size = size;
            return 0;
        }
        if (size == room) {
            return -EFBIG;
        }
        size += (size_t)n;
    }
}

static int read_open_file(int fd, size_t size_limit, struct file *ret_file) {
    CLEANUP_FREE uint8_t *data = NULL;
    struct stat status;
    size_t size = 0;
    int r;

    if (fstat(fd, &status) < 0) {
        return -errno;
    }
    if (status.st_size < 0 || (uint64_t)status.st_size > size_limit) {
        return -EFBIG;
    }
    data = malloc((size_t)status.st_size + 1);
    if (!data) {
        return -ENOMEM;
    }
    r = read_to_end(fd, data, (size_t)status.st_size, &size);
    if (r < 0) {
        return r;
    }
    data[size] = '\0';
    *ret_file = (struct file){steal_ptr(&data), size};
    return 0;
}

int file_read(const char *path, const char *what, size_t size_limit, struct file *ret_file) {
    CLEANUP_FD int fd = -1;
    int r = fd_open_file(path, &fd);

    if (r == 0) {
        r = read_open_file(fd, size_limit, ret_file);
    }
    if (r == -EFBIG) {
        log_error("%s: cannot be %s: larger than %zu MiB", path, what, size_limit >> 20);
        return r;
    }
    if (r == -EINVAL) {
        log_error("%s: cannot be %s: not a regular file", path, what);
        return r;
    }
    return r < 0 ? log_errno(r, "cannot read %s %s", what, path) : 0;
}

void file_done(struct file *file) {
    free(file->data);
    *file = (struct file)FILE_INIT;
}

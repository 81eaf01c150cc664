// SPDX-License-Identifier: MIT
#include "ctl/file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

#define ROOM_MIN (64u << 10)

// Makes room for more behind what is in *FILE, at most SIZE_LIMIT bytes in all. Returns 0, -EFBIG
// or -ENOMEM.
static int grow(struct file *file, size_t *room, size_t size_limit) {
    size_t more = *room < ROOM_MIN ? ROOM_MIN : 2 * *room;
    uint8_t *data;

    if (file->size > size_limit) {
        return -EFBIG;
    }
    more = more > size_limit + 1 ? size_limit + 1 : more; // one byte too many is noticed
    data = realloc(file->data, more + 1);
    if (!data) {
        return -ENOMEM;
    }
    file->data = data;
    *room = more;
    return 0;
}

int file_read_descriptor(int fd, size_t size_limit, struct file *file) {
    size_t room = 0;

    for (;;) {
        int r = file->size == room ? grow(file, &room, size_limit) : 0;
        ssize_t n = r == 0 ? read(fd, file->data + file->size, room - file->size) : 0;

        if (r == 0 && n < 0 && errno != EINTR) {
            r = -errno;
        }
        if (r < 0) {
            return r;
        }
        if (n == 0) {
            file->data[file->size] = '\0';
            return 0;
        }
        file->size += n > 0 ? (size_t)n : 0;
    }
}

static int open_and_read(const char *path, size_t size_limit, struct file *file) {
    CLEANUP_FD int fd = -1;
    int r = fd_open_file(path, &fd);

    return r < 0 ? r : file_read_descriptor(fd, size_limit, file);
}

int file_read(const char *path, const char *what, size_t size_limit, struct file *ret_file) {
    CLEANUP(file_done) struct file file = FILE_INIT;
    bool is_stdin = strcmp(path, FILE_STDIN) == 0;
    int r = is_stdin ? file_read_descriptor(STDIN_FILENO, size_limit, &file)
                     : open_and_read(path, size_limit, &file);

    if (r == -EFBIG || r == -EINVAL) {
        log_error("%s: cannot be %s: %s", path, what,
                  r == -EFBIG ? "too large" : "not a regular file");
        return r;
    }
    if (r < 0) {
        return log_errno(r, "cannot read %s %s", what, path);
    }
    *ret_file = file;
    file = (struct file)FILE_INIT;
    return 0;
}

void file_done(struct file *file) {
    free(file->data);
    *file = (struct file)FILE_INIT;
}

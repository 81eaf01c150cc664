// SPDX-License-Identifier: MIT
#include "image/guarded.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "image/why.h"

#define REFUSE(why, ...) why_refuse(why, GUARDED_WHY_SIZE, __VA_ARGS__)

static int check_writers(const struct stat *status, char *why) {
    if (status->st_uid != 0 && status->st_uid != geteuid()) {
        return REFUSE(why, "belongs to user %u, neither root nor who runs this",
                      (unsigned)status->st_uid);
    }
    if (status->st_mode & (S_IWGRP | S_IWOTH)) {
        return REFUSE(why, "others than its owner can write to it (mode %04o)",
                      (unsigned)status->st_mode & 07777);
    }
    return 0;
}

// Nothing was found by NAME: a link that leads nowhere is not the same as none.
static int check_absent(int directory, const char *name, char *why) {
    struct stat status;

    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        return REFUSE(why, "a link to what is not there");
    }
    return errno == ENOENT ? GUARDED_ABSENT : REFUSE(why, "%s", strerror(errno));
}

// KIND: S_IFREG or S_IFDIR.
static int open_kind(int directory, const char *name, mode_t kind, int *ret_fd,
                     struct stat *ret_status, char *why) {
    CLEANUP_FD int fd = -1;
    int r = fd_open_kind(directory, name, kind, &fd, ret_status);

    if (r == -ENOENT) {
        return check_absent(directory, name, why);
    }
    if (r == -ENOTDIR || r == -EISDIR || r == -EINVAL) {
        return REFUSE(why, "not a %s", kind == S_IFDIR ? "directory" : "regular file");
    }
    if (r < 0) {
        return REFUSE(why, "%s", strerror(-r));
    }
    r = check_writers(ret_status, why);
    if (r == 0) {
        *ret_fd = steal_fd(&fd);
    }
    return r;
}

int guarded_open(const char *named, const char *usual, int *ret_fd, char why[GUARDED_WHY_SIZE]) {
    struct stat status;
    int r = open_kind(AT_FDCWD, named ? named : usual, S_IFDIR, ret_fd, &status, why);

    return r == GUARDED_ABSENT && named ? REFUSE(why, "there is no such directory") : r;
}

int guarded_read(int directory, const char *name, char *text, size_t size, size_t *ret_size,
                 mode_t *ret_mode, char why[GUARDED_WHY_SIZE]) {
    CLEANUP_FD int fd = -1;
    struct stat status;
    size_t done = 0;
    int r = open_kind(directory, name, S_IFREG, &fd, &status, why);

    if (r != 0) {
        return r;
    }
    while (done < size) {
        ssize_t n = read(fd, text + done, size - done);

        if (n < 0 && errno != EINTR) {
            return REFUSE(why, "%s", strerror(errno));
        }
        if (n == 0) {
            text[done] = '\0';
            *ret_size = done;
            if (ret_mode) {
                *ret_mode = status.st_mode;
            }
            return 0;
        }
        done += n > 0 ? (size_t)n : 0;
    }
    return REFUSE(why, "longer than %zu bytes", size - 1);
}

// SPDX-License-Identifier: MIT
#include "daemon/storage/state-directory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"

#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

static int make(const char *path, uid_t owner) {
    CLEANUP_FD int fd = -1;
    int r = 0;

    if (mkdir(path, 0700) < 0) {
        return errno == EEXIST ? 0 : log_errno(errno, "cannot make the state directory %s", path);
    }
    if (geteuid() != 0) {
        return 0;
    }
    // Who owns what is above it might have put a link to another directory there by now.
    r = fd_open_here(AT_FDCWD, path, S_IFDIR, &fd);
    if (r == 0 && fchown(fd, owner, (gid_t)owner) < 0) {
        r = -errno;
    }
    return r < 0 ? log_errno(r, "cannot hand the state directory %s to id %u", path, owner) : 0;
}

static int check(const char *path, const struct stat *status, uid_t owner) {
    if (status->st_uid != owner) {
        log_error(
            "the state directory %s is of id %u, and the supervisor will be id %u: give it one "
            "of its own, or chown -R",
            path, status->st_uid, owner);
        return -EPERM;
    }
    if (status->st_mode & OTHERS_WRITE) {
        log_error("the state directory %s can be written to by others: chmod 700", path);
        return -EPERM;
    }
    return 0;
}

int state_directory_open(const char *path, uid_t owner, int *ret_fd) {
    CLEANUP_FD int fd = -1;
    struct stat status;
    int r = make(path, owner);

    if (r < 0) {
        return r;
    }
    r = fd_open_kind(AT_FDCWD, path, S_IFDIR, &fd, &status);
    if (r < 0) {
        return log_errno(r, "cannot open the state directory %s", path);
    }
    r = check(path, &status, owner);
    if (r < 0) {
        return r;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK) {
            log_error("another mpyd works in the state directory %s", path);
            return -EBUSY;
        }
        return log_errno(errno, "cannot lock the state directory %s", path);
    }
    *ret_fd = steal_fd(&fd);
    return 0;
}

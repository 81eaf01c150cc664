// SPDX-License-Identifier: MIT
#pragma once

// A folder of a test's own, and what is in it.

#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// Makes the directory PATH, which ends in XXXXXX; *ret_fd is the caller's. Returns 0 or not.
static inline int folder_make(char *path, int *ret_fd) {
    if (!mkdtemp(path)) {
        return -1;
    }
    *ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret_fd < 0 ? -1 : 0;
}

static inline bool folder_has(int fd, const char *name) {
    return faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

// The file NAME in it, which begins with TEXT from then on.
static inline bool folder_write(int fd, const char *name, const char *text) {
    int file = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    bool is_written = file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text);

    return file >= 0 && close(file) == 0 && is_written;
}

static inline int folder_remove_entry(const char *path, const struct stat *status, int kind,
                                      struct FTW *place) {
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

// The directory PATH and all that is in it. Returns 0 or not.
static inline int folder_remove(const char *path) {
    return nftw(path, folder_remove_entry, 4, FTW_DEPTH | FTW_PHYS);
}

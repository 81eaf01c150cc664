// SPDX-License-Identifier: MIT
#pragma once

// Removes what a test has made.

#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

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

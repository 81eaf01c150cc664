// SPDX-License-Identifier: MIT
#include "ctl/signature-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "image/why.h"

static ssize_t read_text(const char *path, char text[SIGNATURE_SIZE_MAX + 1]) {
    CLEANUP_FD int fd = -1;
    ssize_t n;
    int r = fd_open_file(path, &fd);

    if (r < 0) {
        return r;
    }
    n = pread(fd, text, SIGNATURE_SIZE_MAX + 1, 0);
    return n < 0 ? -errno : n;
}

enum signature_file_state signature_file_read(const char *image, struct signature *ret_signature,
                                              char why[SIGNATURE_WHY_SIZE]) {
    char text[SIGNATURE_SIZE_MAX + 1], reason[SIGNATURE_WHY_SIZE];
    CLEANUP_FREE char *path = NULL;
    ssize_t n = asprintf(&path, "%s" SIGNATURE_SUFFIX, image) < 0 ? -ENOMEM : read_text(path, text);

    if (n == -ENOENT) {
        return SIGNATURE_FILE_ABSENT;
    }
    if (n < 0) {
        (void)why_refuse(why, SIGNATURE_WHY_SIZE, "cannot be read: %s", strerror((int)-n));
        return SIGNATURE_FILE_BAD;
    }
    if (n > SIGNATURE_SIZE_MAX) {
        (void)why_refuse(why, SIGNATURE_WHY_SIZE, "larger than %d bytes", SIGNATURE_SIZE_MAX);
        return SIGNATURE_FILE_BAD;
    }
    if (signature_parse(text, (size_t)n, ret_signature, reason) != 0) {
        (void)why_refuse(why, SIGNATURE_WHY_SIZE, "%s", reason);
        return SIGNATURE_FILE_BAD;
    }
    return SIGNATURE_FILE_THERE;
}

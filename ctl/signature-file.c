// SPDX-License-Identifier: MIT
#include "ctl/signature-file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "image/why.h"

// As signature_read(), of the file PATH.
static int read_path(const char *path, struct signature *ret_signature, char *why) {
    CLEANUP_FD int fd = -1;
    int r = fd_open_file(path, &fd);

    return r < 0 ? r : signature_read(fd, ret_signature, why);
}

enum signature_file_state signature_file_read(const char *image, struct signature *ret_signature,
                                              char why[SIGNATURE_WHY_SIZE]) {
    CLEANUP_FREE char *path = NULL;
    int r = asprintf(&path, "%s" SIGNATURE_SUFFIX, image) < 0 ? -ENOMEM
                                                              : read_path(path, ret_signature, why);

    if (r == -ENOENT) {
        return SIGNATURE_FILE_ABSENT;
    }
    if (r < 0) {
        why_write(why, SIGNATURE_WHY_SIZE, "cannot be read: %s", strerror(-r));
    }
    return r == 0 ? SIGNATURE_FILE_THERE : SIGNATURE_FILE_BAD;
}

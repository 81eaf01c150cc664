// SPDX-License-Identifier: MIT
#include "base/open.h"

#include <errno.h>

#include "base/fd.h"
#include "base/log.h"

int open_file(const char *path, const char *what, int *ret_fd) {
    int r = fd_open_file(path, ret_fd);

    if (r == -EINVAL) {
        log_error("%s: not a regular file", path);
        return r;
    }
    return r < 0 ? log_errno(r, "cannot open %s %s", what, path) : 0;
}

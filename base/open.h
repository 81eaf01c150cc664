// SPDX-License-Identifier: MIT
#pragma once

// Opens the regular file PATH, which somebody has named, for reading; nothing that opening could
// wait for. WHAT it is says a message: "the image". Returns 0 and *ret_fd, the caller's, or -errno,
// having logged it; -EINVAL: it is something else than a file.
int open_file(const char *path, const char *what, int *ret_fd);

// SPDX-License-Identifier: MIT
#pragma once

// A file that was named on the command line, read as a whole.

#include <stddef.h>
#include <stdint.h>

struct file {
    uint8_t *data; /* owned; a NUL follows the last byte */
    size_t size;
};

#define FILE_INIT                                                                                  \
    { 0 }

#define FILE_STDIN "-"

// Reads the regular file PATH, or standard input where that is FILE_STDIN, of at most SIZE_LIMIT
// bytes. WHAT says in messages what it ought
// to be ("the image"). Returns 0 and *ret_file, freed by file_done(); or -errno, having said what
// is wrong.
int file_read(const char *path, const char *what, size_t size_limit, struct file *ret_file);

// Reads FD to its end into *FILE, which is empty. Returns 0, -EFBIG or -errno. *FILE is freed by
// file_done() in either case.
int file_read_descriptor(int fd, size_t size_limit, struct file *file);

void file_done(struct file *file);

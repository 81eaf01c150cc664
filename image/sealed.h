// SPDX-License-Identifier: MIT
#pragma once

// Bytes that nobody can change any more: a sealed memfd, and a view of it. What is checked of it,
// signature, envelope or image, is what runs, whatever becomes of the file it came from.

#include <stddef.h>
#include <stdint.h>

struct sealed {
    int fd;              /* executable by execveat(2); owned */
    const uint8_t *data; /* owned */
    size_t size;
};

#define SEALED_INIT                                                                                \
    { .fd = -1 }

// Copies the bytes of FD, a regular file, from its start (FD stays the caller's), at most
// SIZE_LIMIT of them. Returns 0 and *ret_sealed, freed by sealed_done(); IMAGE_REFUSED with the
// reason in the IMAGE_WHY_SIZE bytes at WHY; or -errno.
int sealed_copy(int fd, size_t size_limit, struct sealed *ret_sealed, char *why);

// Seals *FD, an executable memfd of SIZE > 0 bytes, and takes it over. Returns 0 and *ret_sealed,
// or -errno.
int sealed_take(int *fd, size_t size, struct sealed *ret_sealed);

void sealed_done(struct sealed *sealed);

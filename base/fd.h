// SPDX-License-Identifier: MIT
#pragma once

// Descriptors: the few things done to them in more than one place.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Closes every descriptor from FIRST up. Shells and service managers leak some. Returns 0 or
// -errno.
int fd_close_from(unsigned first);

// Makes a close-on-exec memfd of SIZE bytes that allows sealing, NAME shown in /proc/PID/maps.
// Never executable unless EXECUTABLE; where the kernel (before 6.3) cannot say so, it is left out.
// Returns the descriptor, owned by the caller, or -errno.
int fd_new_memory(const char *name, size_t size, int executable);

// Maps SIZE bytes of FD shared, writable if WRITABLE. Returns 0 or -errno; *ret_memory is unmapped
// by the caller.
int fd_map(int fd, size_t size, int writable, void **ret_memory);

// Reads exactly SIZE bytes at OFFSET. Returns 0, -EIO if the file ends before, or -errno.
int fd_read_at(int fd, void *data, size_t size, off_t offset);

// Writes all SIZE bytes, retrying after short writes and EINTR. Returns 0 or -errno.
int fd_write_all(int fd, const void *data, size_t size);

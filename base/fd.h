// SPDX-License-Identifier: MIT
#pragma once

// Descriptors: the few things done to them in more than one place.

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct stat;

// Closes every descriptor from FIRST up. Shells and service managers leak some. Returns 0 or
// -errno.
int fd_close_from(unsigned first);

// Opens NAME, which must be of KIND (S_IFREG or S_IFDIR), in DIRECTORY (or AT_FDCWD) for reading,
// close-on-exec. It is known to be one before it is opened: to open a device or a pipe may block,
// set something off, or let go who waits at the other end. Returns 0; -EISDIR, -ENOTDIR or -EINVAL
// for another kind; or -errno. *ret_fd is the caller's, *ret_status is what was opened.
int fd_open_kind(int directory, const char *name, mode_t kind, int *ret_fd,
                 struct stat *ret_status);

// As fd_open_kind(), but where the last component of NAME is a link, it is not followed and is of
// another kind: for what stands in a directory that others may write to.
int fd_open_here(int directory, const char *name, mode_t kind, int *ret_fd);

// As fd_open_kind(), the regular file PATH.
int fd_open_file(const char *path, int *ret_fd);

// Makes a close-on-exec memfd of SIZE bytes that allows sealing, NAME shown in /proc/PID/maps.
// Never executable unless EXECUTABLE; where the kernel (before 6.3) cannot say so, it is left out.
// Returns the descriptor, owned by the caller, or -errno.
int fd_new_memory(const char *name, size_t size, int executable);

// Maps SIZE bytes of FD shared, writable if WRITABLE. Returns 0 or -errno; *ret_memory is unmapped
// by the caller.
int fd_map(int fd, size_t size, int writable, void **ret_memory);

// Copies FROM, from its start to its end, to where TO stands. FROM may change meanwhile: what
// counts is what was read. Returns 0 and *ret_size, the bytes that were copied; -EFBIG if there are
// more than SIZE_LIMIT; or -errno.
int fd_copy(int from, int to, size_t size_limit, size_t *ret_size);

// Writes all SIZE bytes, retrying after short writes and EINTR. Returns 0 or -errno.
int fd_write_all(int fd, const void *data, size_t size);

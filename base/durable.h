// SPDX-License-Identifier: MIT
#pragma once

// Changes to files that are on the disk when the function returns, and of which a power cut leaves
// all or nothing: written beside, synced, renamed, and the directory synced as well.

#include <stddef.h>
#include <sys/types.h>

// Puts a file NAME of the SIZE bytes at DATA and of MODE into DIRECTORY, in place of the one that
// may be there. Returns 0 or -errno; the old one is then as it was.
int durable_write(int directory, const char *name, const void *data, size_t size, mode_t mode);

// Copies FROM, from its start, at most SIZE_LIMIT bytes, into a new file NAME of MODE. It is on the
// disk, but under its name only once the directory is synced. Returns 0, -EFBIG, or -errno.
int durable_copy(int from, size_t size_limit, int directory, const char *name, mode_t mode);

// Removes NAME, a file or an empty directory, if it is there. As durable_copy(), the directory is
// the caller's to sync. Returns 0 or -errno.
int durable_remove(int directory, const char *name);

// Makes the directory NAME of MODE, less the umask, unless it is there, and opens it. Returns 0 and
// *ret_fd, the caller's, or -errno.
int durable_directory(int parent, const char *name, mode_t mode, int *ret_fd);

// As durable_directory(), PATH, whose parent is there.
int durable_path(const char *path, mode_t mode, int *ret_fd);

// Syncs a directory: the names in it. Returns 0 or -errno.
int durable_sync(int directory);

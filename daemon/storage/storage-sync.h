// SPDX-License-Identifier: MIT
#pragma once

// Writing to disk without waiting for it: fsync(2) by the kernel's asynchronous interface,
// io_submit(2) with IOCB_CMD_FSYNC, so that a slow disk holds up nobody who did not ask
// (doc/decisions/0028).
//
// What was changed since it was last written to disk is remembered, files that have been closed and
// directories too, the last STORAGE_SYNC_MARKS of them; what is older is on its way to the disk.
//
// Each file that is under way holds one of 256 workers of the kernel that all processes share: more
// than STORAGE_SYNC_UNDER_WAY at a time on a slow disk would be at the cost of others.

#include <stdint.h>

#define STORAGE_SYNC_MARKS 32u
#define STORAGE_SYNC_UNDER_WAY 16u /* files the kernel is at, at a time */
#define STORAGE_SYNC_WAITING 240u  /* files that wait for that, open each */

struct loop;
struct stat;
struct storage_sync;

// ERROR: 0, or an errno.
typedef void (*storage_sync_function)(void *context, int error);

// Returns 0 or -ENOMEM. storage_sync_free() waits for what is under way and ends it with ECANCELED,
// as what is waiting.
int storage_sync_new(struct loop *loop, struct storage_sync **ret_sync);
struct storage_sync *storage_sync_free(struct storage_sync *sync);

// Remembers that the file or directory FD, which stays the caller's, was changed.
void storage_sync_mark(struct storage_sync *sync, int fd);

// Forgets the file or directory STATUS is of: it has no name any more, and what a mark keeps open
// keeps its room on the disk.
void storage_sync_forget(struct storage_sync *sync, const struct stat *status);

// Counts up with every storage_sync_all(): a file marked in this period need not be marked again.
uint32_t storage_sync_period(const struct storage_sync *sync);

// Writes the file FD to disk, or all that is marked. Returns CALL_LATER: FUNCTION(CONTEXT, error)
// will be called, from the loop; 0: it is done; or an errno, EAGAIN if too much is under way.
int storage_sync_file(struct storage_sync *sync, int fd, storage_sync_function function,
                      void *context);
int storage_sync_all(struct storage_sync *sync, storage_sync_function function, void *context);

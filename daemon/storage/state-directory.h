// SPDX-License-Identifier: MIT
#pragma once

// The directory in which an app keeps what outlives its supervisor: its files
// (daemon/storage/storage.h) and its crash reports.

#include <sys/types.h>

// Opens the directory PATH, which OWNER, who the supervisor will be, must own and nobody else be
// able to write to; makes it if it is not there. It is locked for as long as the descriptor is
// open: two supervisors would not see what the other one writes. Before the drop. Returns 0 and
// *ret_fd, the caller's, or -errno, having logged it.
int state_directory_open(const char *path, uid_t owner, int *ret_fd);

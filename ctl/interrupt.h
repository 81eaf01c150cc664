// SPDX-License-Identifier: MIT
#pragma once

// From now on SIGINT and SIGTERM end nothing, but make the descriptor readable that this returns in
// *ret_fd, the caller's. Returns CTL_DONE or CTL_INTERNAL, having said why.
int interrupt_open(int *ret_fd);

// SPDX-License-Identifier: MIT
#pragma once

// Descriptors that a service manager opened for this process: sd_listen_fds(3), whose protocol this
// is. They are what nobody may have after the drop: the control socket, privileged ports.

#include <sys/socket.h>

// Looks at what was inherited, and makes it close-on-exec and non-blocking; before anything is
// opened or closed.
// Returns the number of descriptors, which are those from 3 up, or -errno: what the environment
// says of them is wrong.
int inherited_init(void);

// A descriptor called NAME, as FileDescriptorName= has it: the caller's from now on. -1: there is
// none, or it was taken.
int inherited_take(const char *name);

// A copy of the socket of TYPE (SOCK_STREAM, SOCK_DGRAM) that is bound to ADDRESS:
// the caller's. The socket stays, for who binds again. -ENOENT: there is none; or -errno.
int inherited_copy_socket(int type, const struct sockaddr *address);

// SPDX-License-Identifier: MIT
#pragma once

// The socket that control.h serves: made before the drop, or inherited from the service manager.

#include <sys/types.h>

#define CONTROL_RUN "/run/mpydctl" /* APP/control, where root or the service manager starts */
#define CONTROL_USER_RUN "mpyd"    /* APP/control in $XDG_RUNTIME_DIR otherwise */
#define CONTROL_NONE "none"        /* as a path: no socket at all */
#define CONTROL_PATH_SIZE 108      /* sockaddr_un.sun_path; a longer one cannot be had */

// Where the socket of the app NAME is made by who runs this. Makes its directory, which its owner
// and GROUP (-1: none) may read, and the one above. Returns 0; -ENAMETOOLONG; -ENOENT: nobody said
// where
// ($XDG_RUNTIME_DIR); or -errno.
int control_socket_place(const char *name, gid_t group, char ret_path[CONTROL_PATH_SIZE]);

// Makes the socket at PATH for its owner and GROUP (-1: none). What a supervisor that is gone left
// there is replaced. Returns the listening socket, the caller's; -EADDRINUSE: somebody serves it;
// or -errno.
int control_socket_make(const char *path, gid_t group);

// SPDX-License-Identifier: MIT
#pragma once

// The header of an app's storage: the file "volume" in its state directory. It says that the
// storage was laid out, and for whom. Absent is a first run; damaged is never taken for absent.

#define VOLUME_WHY_SIZE 192 /* bytes of a reason, NUL included */

enum {
    VOLUME_ABSENT = 1,
    VOLUME_DAMAGED = 2, /* is there, and is not what was written */
    VOLUME_FOREIGN = 3, /* whole, but of another app or a newer mpyd */
};

// Reads the header in the directory STATE_FD. Returns 0: it is whole and APP's; one of the above,
// the last two with the reason in WHY; or -errno: it cannot be read, which says nothing about it.
int volume_read(int state_fd, const char *app, char why[VOLUME_WHY_SIZE]);

// Writes a header for APP, to disk, in one step: after a power cut it is there or it is not.
// Returns 0 or -errno.
int volume_write(int state_fd, const char *app);

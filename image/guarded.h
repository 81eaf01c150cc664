// SPDX-License-Identifier: MIT
#pragma once

// Small files that decide what is trusted: keys, floors. They count only if nobody but root and the
// user who runs this could have written them; a directory that others can write to is as bad.

#include <stddef.h>
#include <sys/types.h>

#define GUARDED_WHY_SIZE 256 /* bytes of a reason, NUL included */

enum { GUARDED_REFUSED = 1, GUARDED_ABSENT = 2 };

// Opens the directory NAMED, which somebody asked for and which must be there; where it is NULL the
// USUAL one, which need not. Returns 0 and *ret_fd, the caller's; GUARDED_ABSENT; or
// GUARDED_REFUSED with the reason in WHY, one line that does not name it. A link that leads nowhere
// is not absent.
int guarded_open(const char *named, const char *usual, int *ret_fd, char why[GUARDED_WHY_SIZE]);

// Reads the regular file NAME of DIRECTORY, or AT_FDCWD, of less than SIZE bytes into TEXT, NUL
// behind them. Returns 0, *ret_size and, unless NULL, *ret_mode (st_mode of stat(2));
// GUARDED_ABSENT; or GUARDED_REFUSED with the reason in WHY.
int guarded_read(int directory, const char *name, char *text, size_t size, size_t *ret_size,
                 mode_t *ret_mode, char why[GUARDED_WHY_SIZE]);

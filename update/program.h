// SPDX-License-Identifier: MIT
#pragma once

// Other programs that do the whole of a job: systemctl(1), mpyd(1).

#include <stddef.h>

// Runs ARGUMENTS, which end with NULL, and waits for it. Returns 0; -EIO: it failed, and has said
// why on our standard error; or -errno.
int program_run(char *const arguments[]);

// As program_run(), what it writes to standard output goes into the SIZE bytes at OUTPUT, with a
// NUL behind it; -EFBIG: it is more.
int program_read(char *const arguments[], char *output, size_t size);

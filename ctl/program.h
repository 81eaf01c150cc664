// SPDX-License-Identifier: MIT
#pragma once

// Other programs that do a job as a whole: systemctl(1), journalctl(1), a pager.

#include <stdbool.h>

#include "ctl/file.h"

#define PROGRAM_SYSTEMCTL_DENIED 4 /* its status then: EXIT_NOPERMISSION of systemd.exec(5) */

// Writes what is left in standard output's buffer. Returns CTL_DONE, or CTL_INTERNAL, having said
// so: a full disk is no success.
int program_finish_output(void);

// Becomes the program ARGUMENTS[0], looked for in PATH; what standard output has is written before.
// Returns only if that fails: CTL_FAILED where there is no such program, CTL_INTERNAL otherwise,
// having said so.
int program_become(const char *const *arguments);

// Runs the program, and waits. Returns its exit status, 128 and the signal that ended it, or
// -errno: -ENOENT where there is no such program. Says nothing.
int program_run(const char *const *arguments);

// The same for one whose standard output is read. Its standard error is thrown away if IS_QUIET.
// *ret_output is freed by file_done(). -EFBIG: that is more than 4 MiB.
int program_read(const char *const *arguments, bool is_quiet, struct file *ret_output);

// SPDX-License-Identifier: MIT
#pragma once

// Crash reports in a directory: NUMBER.json, numbers grow, the oldest file makes room. A file is
// written under another name first, so that one with a name is whole; a power cut may cost the
// last. Where numbers cannot go on, for one was put there that is too great, all are numbered
// from 1.

#include <stddef.h>
#include <stdint.h>

#define CRASH_FILES_MAX 16u
#define CRASH_FILE_SIZE_MAX (64u << 10) /* bytes of a report */

struct crash_files {
    int fd;        /* of the directory, or 0: there is none */
    uint32_t next; /* number of the next report, from 1 */
};

// Uses the directory "crash" in STATE_FD, which is made if it is not there. Returns 0 and
// *ret_files, or -errno; crash_files_done() takes zeroed ones.
int crash_files_open(int state_fd, struct crash_files *ret_files);
void crash_files_done(struct crash_files *files);

// Writes the SIZE bytes of TEXT as the next report. Returns 0 or -errno: nothing was changed but
// that the oldest may be gone.
int crash_files_add(struct crash_files *files, const char *text, size_t size);

// Reads report NUMBER. Returns 0 and *ret_text, ended by a NUL, the caller's to free; or -errno,
// -EINVAL if something else than a file has its name.
int crash_files_read(const struct crash_files *files, uint32_t number, char **ret_text);

// SPDX-License-Identifier: MIT
#pragma once

// Files and devices of the machine that the administrator gives the app by name: [files] of the
// configuration. They are opened before the drop, by the service manager or here, and the app has
// them for as long as the supervisor runs: nothing is opened for it later.

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "daemon/config/config.h"
#include "image/manifest.h"

#define GIVEN_INHERITED "file." /* before the name, as FileDescriptorName= would have it */

enum {
    GIVEN_DENIED = 1,  /* the manifest asks for no file of this name */
    GIVEN_MISSING = 2, /* nobody gave it */
    GIVEN_UNOPENED = 3 /* it was given, and could not be opened */
};

struct given_file {
    char name[MANIFEST_FILE_SIZE + 1];
    int fd; /* -1: it could not be opened */
    int error;
    bool is_device;
    bool can_write; /* it is open for that */
};

struct given_files {
    struct given_file *items;
    size_t n_items;
    const struct manifest_texts *granted; /* the manifest's */
};

// Takes what the service manager opened of WANTED, and opens the rest: regular files and character
// devices, for reading and writing where that is possible, since the manifest is not read yet. What
// cannot be opened is logged. Returns 0 or -errno.
int given_open(const struct config_given *wanted, struct given_files *ret_files);

// The manifest asks for GRANTED, which stays the caller's: takes what the service manager opened of
// that besides, and logs what APP will miss.
void given_keep(struct given_files *files, const char *app, const struct manifest_texts *granted);

// Returns 0 with *ret_file, which stays ours, and whether the grant lets the app write; or one of
// the above.
int given_find(const struct given_files *files, const char *name,
               const struct given_file **ret_file, bool *ret_writes);

void given_done(struct given_files *files);

// SPDX-License-Identifier: MIT
#pragma once

// `mpyd run`: a complete supervisor of one app in the foreground.

#include <stdbool.h>

struct run_options {
    const char *image;  /* path */
    const char *config; /* path, or NULL */
    const char *name;   /* or NULL: from the image */
    bool is_unsigned;   /* run it whoever made it */

    /* or NULL: where they usually are */
    const char *keys;     /* directory of the keys that are trusted */
    const char *floors;   /* directory of the least counters */
    const char *key_file; /* the key for what is encrypted */
};

// Returns the exit status of the process (enum supervise_exit); what went wrong has been logged.
int run(const struct run_options *options);

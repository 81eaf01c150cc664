// SPDX-License-Identifier: MIT
#pragma once

// Which files the configuration of an app is read from, and in which order: one main file, then
// drop-ins by name. Each counts more than those before it.

#include <stdbool.h>

#include "daemon/config/config.h"

#define CONFIG_ETC "/etc/mpyd"     /* the administrator's */
#define CONFIG_USR "/usr/lib/mpyd" /* the vendor's */

struct config_place {
    const char *file; /* this one and FILE.d/<name>.conf; NULL: by the name of the app */
    const char *app;  /* APP.conf and APP.conf.d/<name>.conf, in the directories */

    // What is in the first hides what has the same name in the second, an empty file or a link to
    // /dev/null too. NULL: CONFIG_ETC and CONFIG_USR.
    const char *etc, *usr;
};

// Files and directories of PLACE, which are read again when the configuration changes; NULL ends
// them. Returns 0 or -ENOMEM. *ret_more, which one of them is, is freed by the caller.
#define CONFIG_PATHS_MAX 2
int config_files_paths(const struct config_place *place, char **ret_more,
                       const char *ret_paths[CONFIG_PATHS_MAX + 1]);

// Reads all files of PLACE into CONFIG, which config_init() has set. No file at all is fine, unless
// it was named. Returns 0; -EINVAL with "FILE:LINE: message" or "FILE: message" in WHY; or -ENOMEM.
int config_files_read(struct config *config, const struct config_place *place,
                      char why[CONFIG_WHY_SIZE]);

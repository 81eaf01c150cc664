// SPDX-License-Identifier: MIT
#pragma once

// Section [files] of the local configuration: which file or device of the machine is meant by each
// name of the manifest. The names are the manifest's, so there is no table of them here.

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config/config.h"

#define CONFIG_GIVEN_SECTION "files"
#define CONFIG_GIVEN_PATH_MAX 160u /* bytes of a path */

// Sets NAME to PATH, as LINE of FILE (kept for good) says; "" takes it away. Returns 0; -EINVAL
// with the reason in WHY; or -ENOMEM.
int config_given_set(struct config_given *given, const char *name, const char *path,
                     const char *file, unsigned line, char why[CONFIG_WHY_SIZE]);

// The row of the name of that INDEX, as config_get_row() has those of the table. False: no more.
bool config_given_get_row(const struct config_given *given, size_t index,
                          struct config_row *ret_row);

// Whether both give the same.
bool config_given_is_same(const struct config_given *one, const struct config_given *other);

void config_given_done(struct config_given *given);

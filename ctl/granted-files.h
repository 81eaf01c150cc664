// SPDX-License-Identifier: MIT
#pragma once

// What the unit of an app needs so that its files and devices can be opened: [files] of the
// configuration against the manifest and against what is there.

#include "ctl/unit-file.h"
#include "image/manifest.h"

struct json_object;

struct granted_files {
    struct unit_file items[MANIFEST_FILES_MAX];
    size_t n_items;
};

// CONFIG as config_read() has it; names and paths stay its own. Writes to TOLD, a line each, what
// each file gets and what is missing. Returns CTL_DONE; CTL_CONFIG for what cannot be given, having
// said why.
int granted_files_read(const struct manifest *manifest, struct json_object *config, FILE *told,
                       struct granted_files *ret_files);

// SPDX-License-Identifier: MIT
#pragma once

// What the steps of a start hand on to each other, and run.c frees.

#include <stdbool.h>
#include <stddef.h>

#include "daemon/life/supervise.h"
#include "image/image.h"
#include "image/naming.h"
#include "image/trust.h"
#include "sandbox/sandbox.h"

struct run_options;

struct running {
    const struct run_options *options;
    char name[NAMING_SIZE]; /* before the image was read; it must turn out to be the app's */
    int image_fd;
    char *drop_ins; /* one of the paths that the configuration is read from; see config-files.h */
    struct trust trust;
    struct sandbox_options sandbox;
    bool has_ids; /* as root: those of the name that the app had before its image was read */
    struct layer_report reports[LAYERS_MAX + 1]; /* of the supervisor; told once the app is known */
    size_t n_reports;
    struct image image;
    struct supervisor supervisor;
};

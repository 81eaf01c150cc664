// SPDX-License-Identifier: MIT
#pragma once

// An image that was named on the command line: its bytes, and what they say.

#include "ctl/file.h"
#include "image/image.h"

struct image_file {
    struct file file;
    struct image image;
};

#define IMAGE_FILE_INIT                                                                            \
    { .file = FILE_INIT, .image = IMAGE_INIT }

// Reads and checks the image PATH. Returns CTL_DONE and *ret_image, freed by image_file_done(); or
// another enum ctl_exit, having said why.
int image_file_load(const char *path, struct image_file *ret_image);

void image_file_done(struct image_file *image);

// SPDX-License-Identifier: MIT
#pragma once

// An image that was named on the command line: the file as it is shipped, and what it says.

#include <stdbool.h>
#include <stdint.h>

#include "image/image.h"
#include "image/sealed.h"

struct image_file {
    struct sealed shipped;
    bool is_encrypted;
    uint64_t key; /* the number of the key that it is encrypted with, it says */
    struct image image;
    char why[IMAGE_WHY_SIZE]; /* CTL_LOCKED: why nothing of the image is known */
};

#define IMAGE_FILE_INIT                                                                            \
    { .shipped = SEALED_INIT, .image = IMAGE_INIT }

// Reads and checks the image PATH, of whatever machine, with the key in KEY_FILE, or NULL, where it
// is encrypted. Returns CTL_DONE and *ret_image; CTL_LOCKED, having said nothing, and *ret_image
// without the image in it; or another enum ctl_exit, having said why. image_file_done() frees
// *ret_image.
int image_file_load(const char *path, const char *key_file, struct image_file *ret_image);

// As image_file_load(), for those who need the image: that it is locked was said too.
int image_file_need(const char *path, const char *key_file, struct image_file *ret_image);

// As image_file_need(), for those who want it to run here: of another machine it is CTL_IMAGE.
int image_file_need_native(const char *path, const char *key_file, struct image_file *ret_image);

void image_file_done(struct image_file *image);

// SPDX-License-Identifier: MIT
#pragma once

// What mpyctl inspect knows of an image, and the two ways to write it.

#include "ctl/hash.h"
#include "ctl/image-file.h"

struct inspection {
    const struct image_file *file;
    char sha256[HASH_SHA256_SIZE], blake2b[HASH_BLAKE2B_SIZE]; /* of the file as it is */
};

void inspect_write_text(const struct inspection *inspection);
void inspect_write_json(const struct inspection *inspection);

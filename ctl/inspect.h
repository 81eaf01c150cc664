// SPDX-License-Identifier: MIT
#pragma once

// What mpyctl inspect knows of an image, and the two ways to write it.

#include <stdbool.h>

#include "ctl/hash.h"
#include "ctl/image-file.h"
#include "ctl/signature-file.h"

struct inspection {
    const struct image_file *file;
    bool is_locked; /* of what is in the envelope nothing is known */
    char sha256[HASH_SHA256_SIZE], blake2b[HASH_BLAKE2B_SIZE]; /* as shipped */
    enum signature_file_state signed_by;
    struct signature signature;
    char why[SIGNATURE_WHY_SIZE]; /* SIGNATURE_FILE_BAD */
};

// Whether the signature's comment can be shown to people.
bool inspect_has_comment(const struct inspection *inspection);

void inspect_write_text(const struct inspection *inspection);
void inspect_write_json(const struct inspection *inspection);

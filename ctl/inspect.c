// SPDX-License-Identifier: MIT

// mpyctl inspect: what an image is, holds and wants.

#include "ctl/inspect.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "ctl/verbs.h"

enum { OPTION_JSON, OPTION_KEY_FILE };

const struct verb_option inspect_options[] = {
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    [OPTION_KEY_FILE] = {"key-file", "FILE", "the key, where the image is encrypted"},
    {0},
};

// The comment is anybody's until the signature was verified, and its bytes are until then, too.
bool inspect_has_comment(const struct inspection *inspection) {
    const char *comment = inspection->signature.comment;

    return comment[0] && utf8_is_harmless(comment, strlen(comment));
}

static void inspect_outside(const char *path, struct inspection *inspection) {
    const struct sealed *shipped = &inspection->file->shipped;

    hash_sha256(shipped->data, shipped->size, inspection->sha256);
    hash_blake2b(shipped->data, shipped->size, inspection->blake2b);
    inspection->signed_by = signature_file_read(path, &inspection->signature, inspection->why);
}

int inspect_run(const struct verb_arguments *arguments) {
    const char *path = arguments->operands[0], *key_file = arguments->values[OPTION_KEY_FILE];
    CLEANUP(image_file_done) struct image_file file = IMAGE_FILE_INIT;
    struct inspection inspection = {.file = &file};
    int r = image_file_load(path, key_file, &file);

    inspection.is_locked = r == CTL_LOCKED && !key_file;
    if (r != CTL_DONE && !inspection.is_locked) {
        return r;
    }
    inspect_outside(path, &inspection);
    if (arguments->values[OPTION_JSON]) {
        inspect_write_json(&inspection);
    } else {
        inspect_write_text(&inspection);
    }
    return CTL_DONE;
}

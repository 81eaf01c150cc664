// SPDX-License-Identifier: MIT

// mpyctl inspect: what an image is, holds and wants.

#include "ctl/inspect.h"

#include "base/cleanup.h"
#include "ctl/verbs.h"

enum { OPTION_JSON };

const struct verb_option inspect_options[] = {
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    {0},
};

int inspect_run(const struct verb_arguments *arguments) {
    CLEANUP(image_file_done) struct image_file file = IMAGE_FILE_INIT;
    struct inspection inspection = {.file = &file};
    int r = image_file_load(arguments->operands[0], &file);

    if (r != CTL_DONE) {
        return r;
    }
    hash_sha256(file.file.data, file.file.size, inspection.sha256);
    hash_blake2b(file.file.data, file.file.size, inspection.blake2b);
    if (arguments->values[OPTION_JSON]) {
        inspect_write_json(&inspection);
    } else {
        inspect_write_text(&inspection);
    }
    return CTL_DONE;
}

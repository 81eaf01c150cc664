// SPDX-License-Identifier: MIT

// mpyctl verify: whether mpyd run would trust an image here, by the same steps.

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/open.h"
#include "ctl/verbs.h"
#include "image/floor.h"
#include "image/image.h"
#include "image/naming.h"
#include "image/trust.h"

enum { OPTION_NAME, OPTION_KEYS, OPTION_FLOORS, OPTION_KEY_FILE };

const struct verb_option verify_options[] = {
    [OPTION_NAME] = {"name", "NAME", "the app, where the file is not called after it"},
    [OPTION_KEYS] = {"keys", "DIR", "the keys that are trusted, not " KEY_DIRECTORY},
    [OPTION_FLOORS] = {"floors", "DIR", "the least counters allowed, not " FLOOR_DIRECTORY},
    [OPTION_KEY_FILE] = {"key-file", "FILE", "the key of an encrypted image"},
    {0},
};

_Static_assert((int)TRUST_IMAGE == CTL_IMAGE && (int)TRUST_INTERNAL == CTL_INTERNAL &&
                   (int)TRUST_DENIED == CTL_UNTRUSTED && (int)TRUST_LOCKED == CTL_LOCKED,
               "passed on as they are");

static void print(const struct trust *trust, const struct manifest *manifest) {
    printf("name         %s\n", manifest->name);
    printf("version      %s\n", manifest->version);
    printf("counter      %" PRIu64 ", at least %" PRIu64 " is allowed\n", manifest->counter,
           trust->floor);
    printf("key          " SIGNATURE_ID_FORMAT " (%s), good for%.*s\n",
           (unsigned long long)trust->signer->id, trust->signer->file,
           (int)strlen(trust->signer->apps) - 1, trust->signer->apps);
    printf("comment      %s\n", trust->comment);
    printf("encrypted    %s\n", trust->was_encrypted ? "yes" : "no");
}

int verify_run(const struct verb_arguments *arguments) {
    const struct trust_options options = {
        .image = arguments->operands[0],
        .keys = arguments->values[OPTION_KEYS],
        .floors = arguments->values[OPTION_FLOORS],
        .key_file = arguments->values[OPTION_KEY_FILE],
    };
    CLEANUP(trust_done) struct trust trust = TRUST_INIT;
    CLEANUP(image_done) struct image image = IMAGE_INIT;
    CLEANUP_FD int fd = -1;
    char name[NAMING_SIZE];
    int r;

    if (!naming_choose(options.image, arguments->values[OPTION_NAME], name)) {
        return CTL_USAGE;
    }
    if (open_file(options.image, "the image", &fd) < 0) {
        return CTL_IMAGE;
    }
    r = trust_open(&options, &trust);
    if (r == 0) {
        r = trust_vet(&trust, fd, name, &image);
    }
    if (r == 0) {
        print(&trust, &image.manifest);
    }
    return r;
}

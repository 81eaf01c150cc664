// SPDX-License-Identifier: MIT

// mpyctl verify: whether mpyd run would trust an image here, by the same steps.

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "ctl/verbs.h"
#include "image/floor.h"
#include "image/image.h"
#include "image/trust.h"

enum { OPTION_NAME, OPTION_KEYS, OPTION_FLOORS, OPTION_KEY_FILE };

const struct verb_option verify_options[] = {
    [OPTION_NAME] = {"name", "NAME", "the app it has to be of"},
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

static int check_name(const char *path, const char *name, const struct manifest *manifest) {
    if (!name || strcmp(name, manifest->name) == 0) {
        return CTL_DONE;
    }
    log_error("%s: is of the app %s, not %s", path, manifest->name, name);
    return CTL_IMAGE;
}

static int verify(struct trust *trust, int fd, const char *name) {
    CLEANUP(image_done) struct image image = IMAGE_INIT;
    int r = trust_load(trust, fd, name, &image);

    if (r == 0) {
        r = check_name(trust->options->image, name, &image.manifest);
    }
    if (r == 0) {
        r = trust_read_floor(trust, image.manifest.name);
    }
    if (r == 0) {
        r = trust_check(trust, &image);
    }
    if (r == 0) {
        print(trust, &image.manifest);
    }
    return r;
}

int verify_run(const struct verb_arguments *arguments) {
    const struct trust_options options = {
        .image = arguments->operands[0],
        .keys = arguments->values[OPTION_KEYS],
        .floors = arguments->values[OPTION_FLOORS],
        .key_file = arguments->values[OPTION_KEY_FILE],
    };
    CLEANUP(trust_done) struct trust trust = TRUST_INIT;
    CLEANUP_FD int fd = -1;
    int r = fd_open_file(options.image, &fd);

    if (r == -EINVAL) {
        log_error("%s: not a regular file", options.image);
        return CTL_IMAGE;
    }
    if (r < 0) {
        (void)log_errno(r, "cannot open the image %s", options.image);
        return CTL_IMAGE;
    }
    r = trust_open(&options, &trust);
    if (r == 0) {
        r = trust_read(&trust);
    }
    return r ? r : verify(&trust, fd, arguments->values[OPTION_NAME]);
}

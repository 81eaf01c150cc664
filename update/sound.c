// SPDX-License-Identifier: MIT
#include "update/sound.h"

#include <stdio.h>

#include "base/cleanup.h"
#include "base/open.h"
#include "image/image.h"
#include "image/places.h"
#include "image/slots.h"

static void describe(const struct image *image, struct slot *slot) {
    (void)snprintf(slot->image, sizeof(slot->image), "%s", image->id);
    (void)snprintf(slot->version, sizeof(slot->version), "%s", image->manifest.version);
    slot->counter = image->manifest.counter;
}

int sound_check(const struct places *places, const char *path, const char *name,
                struct slot *ret_slot) {
    const struct trust_options options = {
        .image = path,
        .keys = places->keys,
        .floors = places->floors,
        .key_file = places->key_file,
    };
    CLEANUP(trust_done) struct trust trust = TRUST_INIT;
    CLEANUP(image_done) struct image image = IMAGE_INIT;
    CLEANUP_FD int fd = -1;
    int r;

    *ret_slot = (struct slot){0};
    if (open_file(path, "the image", &fd) < 0) {
        return TRUST_IMAGE;
    }
    r = trust_open(&options, &trust);
    if (r == 0) {
        r = trust_vet(&trust, fd, name, &image);
    }
    if (r == 0) {
        describe(&image, ret_slot);
    }
    return r;
}

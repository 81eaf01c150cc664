// SPDX-License-Identifier: MIT
#include "ctl/image-file.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/open.h"
#include "ctl/verb.h"
#include "image/envelope.h"

_Static_assert((int)ENVELOPE_LOCKED != (int)IMAGE_REFUSED, "told apart");

// What a step over the bytes of PATH came to, in words and as a status.
static int conclude(int r, const char *path, const char *why) {
    if (r < 0) {
        (void)log_errno(r, "cannot read the image %s", path);
        return CTL_INTERNAL;
    }
    if (r == IMAGE_REFUSED) {
        log_error("%s: %s", path, why);
        return CTL_IMAGE;
    }
    return r == 0 ? CTL_DONE : CTL_LOCKED;
}

static int copy_file(const char *path, struct image_file *file) {
    CLEANUP_FD int fd = -1;
    char why[IMAGE_WHY_SIZE];

    if (open_file(path, "the image", &fd) < 0) {
        return CTL_IMAGE;
    }
    return conclude(sealed_copy(fd, ENVELOPE_SIZE_MAX, &file->shipped, why), path, why);
}

static int read_key(const char *path, struct envelope_key *ret_key) {
    char why[GUARDED_WHY_SIZE];

    if (envelope_read_key(path, ret_key, why) != 0) {
        log_error("%s", why);
        return CTL_LOCKED;
    }
    return CTL_DONE;
}

// Of an envelope that is as long as its header.
static uint64_t key_number(const struct sealed *shipped) {
    struct envelope_header header = {0};

    if (shipped->size >= sizeof(header)) {
        memcpy(&header, shipped->data, sizeof(header));
    }
    return header.key;
}

static int unlock(const char *path, const char *key_file, struct image_file *file,
                  struct sealed *ret_image) {
    struct envelope_key key = {0};
    int r = key_file ? read_key(key_file, &key) : CTL_DONE;

    if (r == CTL_DONE) {
        r = conclude(envelope_open(&file->shipped, key_file ? &key : NULL, ret_image, file->why),
                     path, file->why);
        if (r == CTL_LOCKED && key_file) {
            log_error("%s: %s", path, file->why);
        }
    }
    envelope_wipe(&key);
    return r;
}

static int parse(const char *path, const struct sealed *plain, struct image *ret_image) {
    char why[IMAGE_WHY_SIZE];

    return conclude(image_parse(plain->data, plain->size, ret_image, why), path, why);
}

int image_file_load(const char *path, const char *key_file, struct image_file *ret_image) {
    CLEANUP(sealed_done) struct sealed plain = SEALED_INIT;
    int r = copy_file(path, ret_image);

    if (r != CTL_DONE) {
        return r;
    }
    ret_image->is_encrypted = envelope_is(ret_image->shipped.data, ret_image->shipped.size);
    if (!ret_image->is_encrypted) {
        return parse(path, &ret_image->shipped, &ret_image->image);
    }
    ret_image->key = key_number(&ret_image->shipped);
    r = unlock(path, key_file, ret_image, &plain);
    return r == CTL_DONE ? parse(path, &plain, &ret_image->image) : r;
}

int image_file_need(const char *path, const char *key_file, struct image_file *ret_image) {
    int r = image_file_load(path, key_file, ret_image);

    if (r == CTL_LOCKED && !key_file) {
        log_error("%s: %s; name its file by --key-file", path, ret_image->why);
    }
    return r;
}

int image_file_need_native(const char *path, const char *key_file, struct image_file *ret_image) {
    int r = image_file_need(path, key_file, ret_image);
    char why[IMAGE_WHY_SIZE];

    return r == CTL_DONE ? conclude(image_check_machine(&ret_image->image, why), path, why) : r;
}

void image_file_done(struct image_file *image) {
    sealed_done(&image->shipped);
    image_done(&image->image);
}

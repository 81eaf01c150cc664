// SPDX-License-Identifier: MIT

// mpyctl inspect: what an image is, holds and wants.

#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/file.h"
#include "ctl/verbs.h"
#include "image/image.h"

const struct verb_option inspect_options[] = {{0}};

static int load(const char *path, struct image *ret_image) {
    CLEANUP(file_done) struct file file = FILE_INIT;
    char why[IMAGE_WHY_SIZE];
    int r = file_read(path, "the image", IMAGE_SIZE_MAX, &file);

    if (r < 0) {
        return CTL_IMAGE;
    }
    r = image_parse(file.data, file.size, ret_image, why);
    if (r < 0) {
        (void)log_errno(r, "cannot read the image %s", path);
        return CTL_INTERNAL;
    }
    if (r > 0) {
        log_error("%s: %s", path, why);
        return CTL_IMAGE;
    }
    return CTL_DONE;
}

static void print_texts(const char *what, const struct manifest_texts *texts) {
    for (size_t i = 0; i < texts->n_items; i++) {
        printf("%-13s%s\n", i == 0 ? what : "", texts->items[i]);
    }
}

static void print_parts(const char *what, const struct manifest_parts *parts) {
    for (size_t i = 0; i < parts->n_items; i++) {
        printf("%-13s%s (%" PRIu64 " bytes)\n", i == 0 ? what : "", parts->items[i].path,
               parts->items[i].size);
    }
}

static void print_text(const struct image *image) {
    const struct manifest *manifest = &image->manifest;

    printf("name         %s\n", manifest->name);
    printf("version      %s\n", manifest->version);
    printf("micropython  %s\n", manifest->micropython);
    printf("entry        %s\n", manifest->entry);
    printf("size         %" PRIu64 " bytes\n", image->size);
    print_parts("modules", &manifest->modules);
    print_parts("resources", &manifest->resources);
    print_texts("listen", &manifest->listen);
    print_texts("connect", &manifest->connect);
}

int inspect_run(const struct verb_arguments *arguments) {
    CLEANUP(image_done) struct image image = IMAGE_INIT;
    int r = load(arguments->operands[0], &image);

    if (r != CTL_DONE) {
        return r;
    }
    print_text(&image);
    return CTL_DONE;
}

// SPDX-License-Identifier: MIT

// mpyctl inspect: what an image is, holds and wants.

#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "ctl/image-file.h"
#include "ctl/verbs.h"

const struct verb_option inspect_options[] = {{0}};

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
    CLEANUP(image_file_done) struct image_file found = IMAGE_FILE_INIT;
    int r = image_file_load(arguments->operands[0], &found);

    if (r != CTL_DONE) {
        return r;
    }
    print_text(&found.image);
    return CTL_DONE;
}

// SPDX-License-Identifier: MIT
// Shows the supervisor's view of what mpyfreeze makes, so that a test can hold the two together:
//     reader image FILE               the image's facts, or why it is refused
//     reader grant listen|connect T   "yes", or why T is no grant

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/network/policy-rule.h"
#include "image/image.h"

static void show_parts(const char *what, const struct manifest_parts *parts) {
    for (size_t i = 0; i < parts->n_items; i++) {
        printf("%s %s %llu\n", what, parts->items[i].path,
               (unsigned long long)parts->items[i].size);
    }
}

static void show_texts(const char *what, const struct manifest_texts *texts) {
    for (size_t i = 0; i < texts->n_items; i++) {
        printf("%s %s\n", what, texts->items[i]);
    }
}

static void show(const struct image *image) {
    const struct manifest *manifest = &image->manifest;

    printf("name %s\nversion %s\nentry %s\nmicropython %s\n", manifest->name, manifest->version,
           manifest->entry, manifest->micropython);
    printf("heap %llu\nstack %llu\narena %llu\n", (unsigned long long)manifest->heap_size,
           (unsigned long long)manifest->stack_size, (unsigned long long)manifest->arena_size);
    printf("handles %llu\nlog_rate %llu\n", (unsigned long long)manifest->handles,
           (unsigned long long)manifest->log_rate);
    show_texts("listen", &manifest->listen);
    show_texts("connect", &manifest->connect);
    show_parts("module", &manifest->modules);
    show_parts("resource", &manifest->resources);
}

static int read_image(const char *path) {
    CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct image image = IMAGE_INIT;
    char why[IMAGE_WHY_SIZE] = "";
    int r = image_load(fd, &image, why);

    if (r != 0) {
        printf("refused: %s\n", r > 0 ? why : strerror(-r));
        return 1;
    }
    show(&image);
    image_done(&image);
    return 0;
}

static int read_grant(const char *direction, const char *text) {
    char why[POLICY_WHY_SIZE] = "";
    struct policy_rule rule = {0};
    int r = policy_parse_rule(strcmp(direction, "listen") == 0 ? POLICY_LISTEN : POLICY_CONNECT,
                              text, &rule, why);

    printf("%s\n", r == 0 ? "yes" : why);
    if (r == 0) {
        policy_rule_done(&rule);
    }
    return r != 0;
}

int main(int argc, char **argv) {
    if (argc == 3 && strcmp(argv[1], "image") == 0) {
        return read_image(argv[2]);
    }
    if (argc == 4 && strcmp(argv[1], "grant") == 0) {
        return read_grant(argv[2], argv[3]);
    }
    return 2;
}

// SPDX-License-Identifier: MIT
#include "daemon/config/config-given.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/manifest.h"

// Such a path can be a word of a unit file, whatever meaning that has for others.
#define PATH_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@,=~"

static struct config_given_file *find(const struct config_given *given, const char *name) {
    for (size_t i = 0; i < given->n_items; i++) {
        if (strcmp(given->items[i].name, name) == 0) {
            return &given->items[i];
        }
    }
    return NULL;
}

static int check(const char *name, const char *path, char why[CONFIG_WHY_SIZE]) {
    if (!manifest_is_file_name(name)) {
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "\"%.40s\" is no name for a file: 1 to %u letters, digits, . _ -", name,
                       MANIFEST_FILE_SIZE);
        return -EINVAL;
    }
    if (path[0] != '\0' && (path[0] != '/' || strlen(path) > CONFIG_GIVEN_PATH_MAX ||
                            path[strspn(path, PATH_CHARACTERS)] != '\0')) {
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "\"%.80s\" is not a path from / of at most %u letters, digits and "
                       "/ . _ - + : @ , = ~",
                       path, CONFIG_GIVEN_PATH_MAX);
        return -EINVAL;
    }
    return 0;
}

static int add(struct config_given *given, const char *name, struct config_given_file **ret_item,
               char why[CONFIG_WHY_SIZE]) {
    struct config_given_file *items = NULL;
    char *copy = NULL;

    if (given->n_items == MANIFEST_FILES_MAX) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "more than %u files", MANIFEST_FILES_MAX);
        return -EINVAL;
    }
    items = reallocarray(given->items, given->n_items + 1, sizeof(*items));
    if (!items) {
        return -ENOMEM;
    }
    given->items = items;
    copy = strdup(name);
    if (!copy) {
        return -ENOMEM;
    }
    *ret_item = &items[given->n_items++];
    **ret_item = (struct config_given_file){.name = copy};
    return 0;
}

int config_given_set(struct config_given *given, const char *name, const char *path,
                     const char *file, unsigned line, char why[CONFIG_WHY_SIZE]) {
    struct config_given_file *item = NULL;
    CLEANUP_FREE char *copy = NULL;
    int r = check(name, path, why);

    if (r < 0) {
        return r;
    }
    item = find(given, name);
    if (item && item->file == file) { // one string for one name
        (void)snprintf(why, CONFIG_WHY_SIZE, "set twice");
        return -EINVAL;
    }
    copy = strdup(path);
    if (!copy) {
        return -ENOMEM;
    }
    r = item ? 0 : add(given, name, &item, why);
    if (r < 0) {
        return r;
    }
    free(item->path);
    item->path = steal_ptr(&copy);
    item->file = file;
    item->line = line;
    return 0;
}

bool config_given_get_row(const struct config_given *given, size_t index,
                          struct config_row *ret_row) {
    if (index >= given->n_items) {
        return false;
    }
    *ret_row = (struct config_row){
        .section = CONFIG_GIVEN_SECTION,
        .key = given->items[index].name,
        .text = given->items[index].path,
        .file = given->items[index].file,
        .line = given->items[index].line,
        .applies = CONFIG_NEXT,
    };
    return true;
}

static size_t n_paths(const struct config_given *given) {
    size_t n = 0;

    for (size_t i = 0; i < given->n_items; i++) {
        n += given->items[i].path[0] != '\0';
    }
    return n;
}

bool config_given_is_same(const struct config_given *one, const struct config_given *other) {
    for (size_t i = 0; i < one->n_items; i++) {
        const struct config_given_file *item = &one->items[i];
        const struct config_given_file *found = find(other, item->name);

        if (strcmp(item->path, found ? found->path : "") != 0) {
            return false;
        }
    }
    return n_paths(one) == n_paths(other);
}

void config_given_done(struct config_given *given) {
    for (size_t i = 0; i < given->n_items; i++) {
        free(given->items[i].name);
        free(given->items[i].path);
    }
    free(given->items);
    *given = (struct config_given){0};
}

// SPDX-License-Identifier: MIT
#include "update/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/log.h"
#include "image/places.h"
#include "image/signature.h"
#include "update/update.h"

static char *path_of(const struct places *places, const char *app, const char *name,
                     const char *suffix) {
    char *path = NULL;

    if (asprintf(&path, "%s/%s/%s%s", places->incoming, app, name, suffix) < 0) {
        (void)log_errno(ENOMEM, "cannot look for what is to be installed");
        return NULL;
    }
    return path;
}

int request_read(const struct places *places, const char *app, char **ret_image) {
    CLEANUP_FREE char *roll_back = path_of(places, app, PLACES_ROLL_BACK, "");
    CLEANUP_FREE char *image = path_of(places, app, app, PLACES_IMAGE_SUFFIX);

    *ret_image = NULL;
    if (!roll_back || !image) {
        return UPDATE_INTERNAL;
    }
    if (access(roll_back, F_OK) == 0) {
        return UPDATE_DONE;
    }
    if (access(image, F_OK) < 0) {
        (void)log_errno(errno, "%s: nothing is to be done; mpyctl install brings an image", app);
        return UPDATE_USAGE;
    }
    *ret_image = steal_ptr(&image);
    return UPDATE_DONE;
}

static void remove_file(const struct places *places, const char *app, const char *name,
                        const char *suffix) {
    CLEANUP_FREE char *path = path_of(places, app, name, suffix);
    int r = path ? durable_remove(AT_FDCWD, path) : 0;

    if (r < 0) {
        (void)log_errno(r, "cannot remove %s", path);
    }
}

void request_remove(const struct places *places, const char *app) {
    remove_file(places, app, PLACES_ROLL_BACK, "");
    remove_file(places, app, app, PLACES_IMAGE_SUFFIX);
    remove_file(places, app, app, PLACES_IMAGE_SUFFIX SIGNATURE_SUFFIX);
}

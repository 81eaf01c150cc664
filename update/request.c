// SPDX-License-Identifier: MIT
#include "update/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/fd.h"
#include "base/log.h"
#include "image/places.h"
#include "image/signature.h"
#include "update/update.h"

#define NAME_SIZE 64 /* an app's name and both suffixes */

static int open_directory(const struct places *places, const char *app, int *ret_fd) {
    CLEANUP_FD int incoming = open(places->incoming, O_PATH | O_DIRECTORY | O_CLOEXEC);

    return incoming < 0 ? -errno : fd_open_here(incoming, app, S_IFDIR, ret_fd);
}

static int refuse(const struct places *places, const char *app, int r) {
    if (r == -ENOTDIR) {
        log_error("%s/%s: a link or a file, not the directory it is to be", places->incoming, app);
    } else {
        (void)log_errno(r, "%s: nothing is to be done; mpyctl install brings an image", app);
    }
    return UPDATE_USAGE;
}

static bool is_there(int directory, const char *name) {
    struct stat status;

    return fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

int request_read(const struct places *places, const char *app, struct request *ret_request) {
    CLEANUP(request_done) struct request request = {.app = app, .directory = -1};
    char name[NAME_SIZE];
    int r = open_directory(places, app, &request.directory);

    if (r < 0) {
        return refuse(places, app, r);
    }
    (void)snprintf(name, sizeof(name), "%s" PLACES_IMAGE_SUFFIX, app);
    if (!is_there(request.directory, PLACES_ROLL_BACK)) {
        if (!is_there(request.directory, name)) {
            return refuse(places, app, -ENOENT);
        }
        if (asprintf(&request.image, "%s/%s/%s", places->incoming, app, name) < 0) {
            request.image = NULL;
            (void)log_errno(ENOMEM, "cannot look for what is to be installed");
            return UPDATE_INTERNAL;
        }
    }
    *ret_request = request;
    request = (struct request)REQUEST_INIT;
    return UPDATE_DONE;
}

static void remove_file(const struct request *request, const char *name, const char *suffix) {
    char file[NAME_SIZE];
    int r;

    (void)snprintf(file, sizeof(file), "%s%s", name, suffix);
    r = durable_remove(request->directory, file);
    if (r < 0) {
        (void)log_errno(r, "%s: cannot remove %s, which is done", request->app, file);
    }
}

void request_remove(const struct request *request) {
    remove_file(request, PLACES_ROLL_BACK, "");
    remove_file(request, request->app, PLACES_IMAGE_SUFFIX);
    remove_file(request, request->app, PLACES_IMAGE_SUFFIX SIGNATURE_SUFFIX);
}

void request_done(struct request *request) {
    request->directory = close_fd(request->directory);
    free(request->image);
    request->image = NULL;
}

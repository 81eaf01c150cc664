// SPDX-License-Identifier: MIT

// mpyd-update install: copies an image to where nobody else can write, verifies that copy, and puts
// it into the slot that can be spared, on trial. Until the last write the app's other slot is
// untouched and its state names it; after it, a start tries the new one.

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/open.h"
#include "image/envelope.h"
#include "image/places.h"
#include "image/signature.h"
#include "image/trust.h"
#include "update/service.h"
#include "update/sound.h"
#include "update/update.h"

#define NEW "new"      /* the directory of a copy that is not yet verified */
#define SLOT_MODE 0750 /* the group of the directory above, which supervisors are in */
#define SLOT_FILE_MODE 0640
#define NAME_SIZE 64 /* an app's name and both suffixes */

struct files {
    char image[NAME_SIZE], signature[NAME_SIZE];
};

static struct files files_of(const char *app) {
    struct files files;

    (void)snprintf(files.image, sizeof(files.image), "%s" PLACES_IMAGE_SUFFIX, app);
    (void)snprintf(files.signature, sizeof(files.signature),
                   "%s" PLACES_IMAGE_SUFFIX SIGNATURE_SUFFIX, app);
    return files;
}

static int fail(const struct update *update, int r, const char *what) {
    (void)log_errno(r, "%s: cannot %s; nothing was changed", update->app, what);
    return UPDATE_INTERNAL;
}

// -- the copy ------------------------------------------------------------------------------------

static int remove_files(const struct update *update, int directory) {
    struct files files = files_of(update->app);
    int r = durable_remove(directory, files.image);

    return r < 0 ? r : durable_remove(directory, files.signature);
}

// What cannot be removed is, when the next image is installed.
static void remove_new(const struct update *update, int new) {
    (void)remove_files(update, new);
    (void)durable_remove(update->directory, NEW);
}

// That of an app which was never installed, and is not now; one with anything in it stays.
static void remove_directory(const struct update *update) {
    CLEANUP_FREE char *path = NULL;

    if (asprintf(&path, "%s/%s", update->places->images, update->app) < 0) {
        path = NULL;
        return;
    }
    (void)rmdir(path);
}

// Where an image comes from; see update.h.
struct source {
    int directory;
    const char *path;
};

static int open_source(const struct source *source, const char *path, int *ret_fd) {
    const char *slash = strrchr(path, '/');
    int r;

    if (source->directory == AT_FDCWD) {
        return open_file(path, "what is to be installed", ret_fd);
    }
    r = fd_open_here(source->directory, slash ? slash + 1 : path, S_IFREG, ret_fd);
    if (r == -EINVAL) {
        log_error("%s: not a regular file", path);
        return r;
    }
    return r < 0 ? log_errno(r, "cannot open what is to be installed %s", path) : 0;
}

static int copy(const struct update *update, const struct source *source, const char *path,
                size_t size_limit, int new, const char *name) {
    CLEANUP_FD int fd = -1;
    int r;

    if (open_source(source, path, &fd) < 0) {
        return UPDATE_IMAGE;
    }
    r = durable_copy(fd, size_limit, new, name, SLOT_FILE_MODE);
    if (r == -EFBIG) {
        log_error("%s: larger than %zu bytes", path, size_limit);
        return UPDATE_IMAGE;
    }
    return r < 0 ? fail(update, r, "copy the image") : UPDATE_DONE;
}

static int copy_both(const struct update *update, const struct source *source, int new) {
    struct files files = files_of(update->app);
    CLEANUP_FREE char *signature = NULL;
    int r;

    if (asprintf(&signature, "%s" SIGNATURE_SUFFIX, source->path) < 0) {
        signature = NULL;
        return fail(update, -ENOMEM, "copy the image");
    }
    if (access(signature, F_OK) < 0 && errno == ENOENT) {
        log_error("%s: not signed: there is no %s", source->path, signature);
        return TRUST_DENIED;
    }
    r = copy(update, source, source->path, ENVELOPE_SIZE_MAX, new, files.image);
    if (r == UPDATE_DONE) {
        r = copy(update, source, signature, SIGNATURE_SIZE_MAX, new, files.signature);
    }
    return r;
}

static int verify_copy(const struct update *update, struct slot *ret_slot) {
    CLEANUP_FREE char *path = NULL;

    if (asprintf(&path, "%s/%s/" NEW "/%s" PLACES_IMAGE_SUFFIX, update->places->images, update->app,
                 update->app) < 0) {
        path = NULL;
        return fail(update, -ENOMEM, "verify the image");
    }
    return sound_check(update->places, path, update->app, ret_slot);
}

// -- into the slot -------------------------------------------------------------------------------

// The first update of an app that came with a package leaves that to go back to.
static void remember_vendor(struct update *update, const struct slot *image) {
    CLEANUP_FREE char *path = NULL;
    struct slot vendor;

    if (update->slots.good != SLOTS_NONE || update->slots.trial != SLOTS_NONE ||
        update_image(update, SLOTS_VENDOR, &path) != UPDATE_DONE || access(path, F_OK) < 0 ||
        sound_check(update->places, path, update->app, &vendor) != TRUST_GIVEN ||
        strcmp(vendor.image, image->image) == 0) {
        return;
    }
    update->slots.slot[SLOTS_VENDOR] = vendor;
    update->slots.slot[SLOTS_VENDOR].verdict = SLOTS_GOOD;
    update->slots.good = SLOTS_VENDOR;
}

static int move(const struct update *update, int new, int slot) {
    struct files files = files_of(update->app);
    int r = remove_files(update, slot);

    if (r == 0 && (renameat(new, files.image, slot, files.image) < 0 ||
                   renameat(new, files.signature, slot, files.signature) < 0)) {
        r = -errno;
    }
    return r < 0 ? r : durable_sync(slot);
}

static int place_image(struct update *update, int new, enum slots_place place,
                       const struct slot *image) {
    CLEANUP_FD int slot = -1;
    int r;

    remember_vendor(update, image);
    slots_empty(&update->slots, place); // on the disk before the slot is: nobody looks for it there
    r = update_write(update);
    if (r != UPDATE_DONE) {
        return r;
    }
    r = durable_directory(update->directory, slots_name(place), SLOT_MODE, &slot);
    if (r == 0) {
        r = move(update, new, slot);
    }
    if (r < 0) {
        return fail(update, r, "fill the slot");
    }
    slots_try(&update->slots, place, image);
    slots_tell(&update->slots, "version %s is installed, to be tried with the next start",
               image->version);
    r = update_write(update);
    if (r == UPDATE_DONE) {
        update_tell(update, NULL, LOG_INFO);
    }
    return r;
}

// The same again: whether there is nothing to do. What is damaged is mended by installing it again.
static bool is_there(const struct update *update, const struct slot *image) {
    const struct slots *slots = &update->slots;
    bool is_trial = slots->trial != SLOTS_NONE;
    enum slots_place place = is_trial ? slots->trial : slots->good;

    if (place == SLOTS_NONE || strcmp(slots->slot[place].image, image->image) != 0 ||
        !update_is_sound(update, place)) {
        return false;
    }
    log_info("%s: nothing to do: this very image (version %s, %s) is installed already%s",
             update->app, image->version, image->image, is_trial ? ", on trial" : "");
    return true;
}

static int install_copy(struct update *update, int new, enum slots_place place) {
    struct slot image;
    int r = verify_copy(update, &image);

    if (r != UPDATE_DONE) {
        return r;
    }
    return is_there(update, &image) ? UPDATE_DONE : place_image(update, new, place, &image);
}

int update_install(struct update *update, int directory, const char *image) {
    const struct source source = {directory, image};
    enum slots_place in_use = service_is_up(update->app) ? update_picked(update) : SLOTS_NONE;
    enum slots_place place = slots_spare(&update->slots, in_use);
    CLEANUP_FD int new = -1;
    int r;

    if (place == SLOTS_NONE) {
        log_error("%s: another update is on trial; wait until it is confirmed, or take it back: "
                  "mpyctl rollback %s",
                  update->app, update->app);
        return UPDATE_FAILED;
    }
    r = durable_directory(update->directory, NEW, 0700, &new);
    if (r < 0) {
        return fail(update, r, "make a directory for the copy");
    }
    r = copy_both(update, &source, new);
    if (r == UPDATE_DONE) {
        r = install_copy(update, new, place);
    }
    remove_new(update, new);
    if (r != UPDATE_DONE) {
        remove_directory(update);
    }
    return r;
}

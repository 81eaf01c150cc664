// SPDX-License-Identifier: MIT
#include "update/update.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/message-ids.h"
#include "image/floor.h"
#include "image/places.h"
#include "image/slots-file.h"
#include "image/trust.h"

#define DIRECTORY_MODE 0711 /* who knows a path may go it, if the slot at its end lets him */

static int fail(const struct update *update, int r, const char *what) {
    (void)log_errno(r, "%s: cannot %s in %s", update->app, what, update->places->images);
    return UPDATE_INTERNAL;
}

static int open_directory(struct update *update, bool make) {
    struct stat status;
    CLEANUP_FD int images = -1;
    int r = make ? durable_path(update->places->images, DIRECTORY_MODE, &images)
                 : fd_open_kind(AT_FDCWD, update->places->images, S_IFDIR, &images, &status);

    if (r == 0) {
        r = make ? durable_directory(images, update->app, DIRECTORY_MODE, &update->directory)
                 : fd_open_kind(images, update->app, S_IFDIR, &update->directory, &status);
    }
    if (r == 0 && flock(update->directory, LOCK_EX) < 0) {
        r = -errno;
    }
    return r;
}

// What can be told without the file: an image that is there and was running is good.
static int look(struct update *update) {
    enum slots_place picked = update_picked(update);

    for (enum slots_place place = SLOTS_A; place <= SLOTS_B; place++) {
        CLEANUP_FREE char *path = NULL;
        int r = update_image(update, place, &path);

        if (r != 0) {
            return r;
        }
        if (access(path, F_OK) == 0) {
            update->slots.slot[place].verdict = SLOTS_GOOD;
            update->slots.good = picked == place ? place : update->slots.good;
        }
    }
    return UPDATE_DONE;
}

int update_open(struct update *update, const struct places *places, const char *app, bool make) {
    char why[SLOTS_FILE_WHY_SIZE];
    int r;

    update->places = places;
    update->app = app;
    r = open_directory(update, make);
    if (r == -ENOENT && !make) {
        return UPDATE_DONE;
    }
    if (r < 0) {
        return fail(update, r, "open the slots");
    }
    r = slots_file_read(update->directory, &update->slots, why);
    if (r == SLOTS_FILE_DAMAGED) {
        log_error("%s/%s/%s; goes by the images that are there", places->images, app, why);
        return look(update);
    }
    return r < 0 ? fail(update, r, "read " SLOTS_FILE_NAME) : UPDATE_DONE;
}

int update_write(const struct update *update) {
    int r = slots_file_write(update->directory, &update->slots);

    return r < 0 ? fail(update, r, "write " SLOTS_FILE_NAME) : UPDATE_DONE;
}

void update_tell(const struct update *update, const char *id, int level) {
    if (id) {
        log_event(id, level, "%s: %s", update->app, update->slots.event);
    } else {
        log_message(level, "%s: %s", update->app, update->slots.event);
    }
}

int update_end(struct update *update, bool by_itself, bool *ret_is_over) {
    int r;

    *ret_is_over = by_itself && slots_is_over(&update->slots);
    if (!(*ret_is_over ? slots_fail(&update->slots, "it came to its end before it was confirmed")
                       : slots_put_off(&update->slots))) {
        return UPDATE_DONE;
    }
    r = update_write(update);
    update_tell(update, *ret_is_over ? MESSAGE_ID_ROLLED_BACK : NULL,
                *ret_is_over ? LOG_WARNING : LOG_INFO);
    return r;
}

// -- paths ---------------------------------------------------------------------------------------

static int out_of_memory(char **ret_path) {
    *ret_path = NULL;
    (void)log_errno(ENOMEM, "cannot make a path");
    return UPDATE_INTERNAL;
}

int update_directory(const struct update *update, enum slots_place place, char **ret_path) {
    const struct places *places = update->places;
    int n = place == SLOTS_VENDOR
                ? asprintf(ret_path, "%s", places->vendor)
                : asprintf(ret_path, "%s/%s/%s", places->images, update->app, slots_name(place));

    return n < 0 ? out_of_memory(ret_path) : UPDATE_DONE;
}

int update_image(const struct update *update, enum slots_place place, char **ret_path) {
    CLEANUP_FREE char *directory = NULL;
    int r = update_directory(update, place, &directory);

    if (r != 0) {
        return r;
    }
    return asprintf(ret_path, "%s/%s" PLACES_IMAGE_SUFFIX, directory, update->app) < 0
               ? out_of_memory(ret_path)
               : UPDATE_DONE;
}

enum slots_place update_picked(const struct update *update) {
    CLEANUP_FREE char *link = NULL;
    char target[PATH_MAX];
    ssize_t n;

    if (asprintf(&link, "%s/%s", update->places->run, update->app) < 0) {
        link = NULL;
        return SLOTS_NONE;
    }
    n = readlink(link, target, sizeof(target) - 1);
    if (n < 0) {
        return SLOTS_NONE;
    }
    target[n] = '\0';
    for (enum slots_place place = SLOTS_A; place < SLOTS_N; place++) {
        CLEANUP_FREE char *path = NULL;

        if (update_directory(update, place, &path) == 0 && strcmp(path, target) == 0) {
            return place;
        }
    }
    return SLOTS_NONE;
}

// -- the floor -----------------------------------------------------------------------------------

static int write_floor(const struct update *update, const char *directory, uint64_t counter) {
    CLEANUP_FD int fd = -1;
    char text[32];
    int r = durable_path(directory, 0755, &fd);

    (void)snprintf(text, sizeof(text), "%" PRIu64 "\n", counter);
    if (r == 0) {
        r = durable_write(fd, update->app, text, strlen(text), 0644);
    }
    if (r < 0) {
        (void)log_errno(r, "cannot raise the floor %s/%s", directory, update->app);
        return UPDATE_INTERNAL;
    }
    log_info("%s: images below counter %" PRIu64 " are refused from now on", update->app, counter);
    return UPDATE_DONE;
}

int update_raise_floor(const struct update *update) {
    const char *named = update->places->floors;
    uint64_t counter =
        update->slots.good == SLOTS_NONE ? 0 : update->slots.slot[update->slots.good].counter;
    uint64_t floor = 0;
    char why[GUARDED_WHY_SIZE];

    if (floor_read(named, update->app, &floor, why) != 0) {
        log_error("%s", why);
        return TRUST_DENIED;
    }
    return counter > floor ? write_floor(update, named ? named : FLOOR_DIRECTORY, counter)
                           : UPDATE_DONE;
}

void update_done(struct update *update) {
    update->directory = close_fd(update->directory);
}

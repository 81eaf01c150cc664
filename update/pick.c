// SPDX-License-Identifier: MIT

// mpyd-update pick: before each start of an app, which image it gets. A trial is counted before it
// is started, and for good, so that whatever cuts it off is followed by what was good before.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/log.h"
#include "base/message-ids.h"
#include "image/places.h"
#include "update/sound.h"
#include "update/update.h"

// For mpyd-probation@.service, whose condition this file is. It goes once the trial is seen to be
// ready.
static int mark_trial(const struct update *update, int run, bool is_trial) {
    CLEANUP_FD int fd = -1;
    char name[64];

    (void)snprintf(name, sizeof(name), "%s" PLACES_TRIAL_SUFFIX, update->app);
    if (!is_trial) {
        return durable_remove(run, name);
    }
    fd = openat(run, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd < 0 ? -errno : 0;
}

static bool is_marked(const struct update *update) {
    CLEANUP_FREE char *path = NULL;

    if (asprintf(&path, "%s/%s" PLACES_TRIAL_SUFFIX, update->places->run, update->app) < 0) {
        path = NULL;
        return false;
    }
    return access(path, F_OK) == 0;
}

void update_see_ready(const struct update *update) {
    CLEANUP_FD int run = -1;
    int r = durable_path(update->places->run, 0755, &run);

    if (r == 0) {
        r = mark_trial(update, run, false);
    }
    if (r < 0) {
        (void)log_errno(r, "%s: cannot note in %s that it is ready", update->app,
                        update->places->run);
    }
}

static int link_place(const struct update *update, enum slots_place place) {
    CLEANUP_FREE char *target = NULL;
    CLEANUP_FD int run = -1;
    char beside[64];
    int r = update_directory(update, place, &target);

    if (r != 0) {
        return r;
    }
    (void)snprintf(beside, sizeof(beside), ".%s.new", update->app);
    r = durable_path(update->places->run, 0755, &run);
    if (r == 0) {
        r = durable_remove(run, beside);
    }
    if (r == 0 &&
        (symlinkat(target, run, beside) < 0 || renameat(run, beside, run, update->app) < 0)) {
        r = -errno;
    }
    if (r == 0) {
        r = mark_trial(update, run, place == update->slots.trial);
    }
    if (r < 0) {
        (void)log_errno(r, "cannot point %s/%s to %s", update->places->run, update->app, target);
        return UPDATE_INTERNAL;
    }
    return UPDATE_DONE;
}

// The trial is over. That this cannot be written is no reason not to go back.
static void go_back(struct update *update, const char *why) {
    bool is_over = slots_fail(&update->slots, why);

    (void)update_write(update);
    if (is_over) {
        update_tell(update, MESSAGE_ID_ROLLED_BACK, LOG_WARNING);
    }
}

bool update_is_sound(const struct update *update, enum slots_place place) {
    CLEANUP_FREE char *path = NULL;
    struct slot found;
    int r = update_image(update, place, &path);

    if (r != 0 || (place == SLOTS_VENDOR && access(path, F_OK) < 0 && errno == ENOENT)) {
        return false;
    }
    r = sound_check(update->places, path, update->app, &found);
    return r == TRUST_GIVEN || r == TRUST_LOCKED;
}

static bool begin_trial(struct update *update) {
    struct slots *slots = &update->slots;

    slots->boots++;
    slots_tell(slots, "version %s is on trial", slots->slot[slots->trial].version);
    return update_write(update) == UPDATE_DONE;
}

// What was good is gone: somebody should know, now and later.
static void tell_substitute(struct update *update, enum slots_place place) {
    enum slots_place good = update->slots.good;

    if (good == SLOTS_NONE || place == good) {
        return;
    }
    slots_tell(&update->slots, "the good image (%s) cannot be started, the one of %s is instead",
               slots_name(good), slots_name(place));
    update_tell(update, MESSAGE_ID_ROLLED_BACK, LOG_ERR);
    (void)update_write(update);
}

static bool use(struct update *update, enum slots_place place) {
    struct slots *slots = &update->slots;
    bool is_trial = place == slots->trial;

    if (!update_is_sound(update, place)) {
        if (is_trial) {
            go_back(update, "its image is not sound");
        }
        return false;
    }
    if (is_trial && !begin_trial(update)) {
        return false;
    }
    if (link_place(update, place) != UPDATE_DONE) {
        return false;
    }
    if (is_trial) {
        update_tell(update, NULL, LOG_INFO);
        return true;
    }
    tell_substitute(update, place);
    if (place == slots->good) {
        (void)update_raise_floor(update); // which a power cut may have come before
    }
    return true;
}

// There is no image: what was picked before must not be started in place of it.
static void unlink_place(const struct update *update) {
    CLEANUP_FD int run = -1;
    int r = durable_path(update->places->run, 0755, &run);

    if (r == 0) {
        r = durable_remove(run, update->app);
    }
    if (r == 0) {
        r = mark_trial(update, run, false);
    }
    if (r < 0) {
        (void)log_errno(r, "cannot remove %s/%s", update->places->run, update->app);
    }
}

int update_pick(struct update *update) {
    enum slots_place places[SLOTS_N];
    size_t n;

    if (slots_is_over(&update->slots)) {
        go_back(update, is_marked(update) ? "it was never seen to be ready"
                                          : "it ended before it was confirmed");
    }
    n = slots_order(&update->slots, places);
    for (size_t i = 0; i < n; i++) {
        if (use(update, places[i])) {
            return UPDATE_DONE;
        }
    }
    unlink_place(update);
    log_error("%s: there is no image that could be started; mpyctl install brings one",
              update->app);
    return UPDATE_IMAGE;
}

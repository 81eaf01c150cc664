// SPDX-License-Identifier: MIT
#pragma once

// The app that a command of mpyd-update is about: its directory, which nobody else changes
// meanwhile, and what is known of its slots.

#include <stdbool.h>

#include "image/slots.h"

struct places;

// Exit statuses of mpyd-update; those of enum trust_result are among them. All functions below that
// return one have said why, if it is not UPDATE_DONE.
enum update_exit {
    UPDATE_DONE = 0,
    UPDATE_FAILED = 1, /* it cannot be done now */
    UPDATE_USAGE = 2,
    UPDATE_IMAGE = 3,
    UPDATE_INTERNAL = 6,
};

struct update {
    const struct places *places; /* the caller's, as APP */
    const char *app;
    int directory; /* -1: nothing was ever installed; locked otherwise */
    struct slots slots;
};

#define UPDATE_INIT                                                                                \
    { .directory = -1, .slots = SLOTS_INIT }

// Locks and reads the slots of APP, and makes their directory first if MAKE. Where the file of the
// slots is damaged, the slots are known by what is in them alone, and nothing is on trial.
int update_open(struct update *update, const struct places *places, const char *app, bool make);

// Writes the slots.
int update_write(const struct update *update);

// Says what happened last, in the log; ID: its row of base/message-ids.h, or NULL.
void update_tell(const struct update *update, const char *id, int level);

// The directory of PLACE, or the image in it. Returns 0 and the path, freed by the caller; or
// UPDATE_INTERNAL.
int update_directory(const struct update *update, enum slots_place place, char **ret_path);
int update_image(const struct update *update, enum slots_place place, char **ret_path);

// Whether the image in PLACE would start. One that only lacks its key would, had it the key.
bool update_is_sound(const struct update *update, enum slots_place place);

// The place that was picked last; SLOTS_NONE: none since Linux started.
enum slots_place update_picked(const struct update *update);

// Notes that the trial was seen to be ready: if it ends now, that is another matter.
void update_see_ready(const struct update *update);

// Raises the least counter of the app to that of the good image, unless it is as high.
int update_raise_floor(const struct update *update);

void update_done(struct update *update);

// The commands. IMAGE is the file that is to be installed: a path, of which the last component
// alone counts where a DIRECTORY is given, in which no link is followed; otherwise AT_FDCWD.
int update_pick(struct update *update);
int update_install(struct update *update, int directory, const char *image);
int update_roll_back(struct update *update);

// The unit ended in order. Where somebody asked for it, a trial is none yet; where it did so
// BY_ITSELF it is over, if there is another image: that was up for a whole probation once.
// *ret_is_over: it is.
int update_end(struct update *update, bool by_itself, bool *ret_is_over);

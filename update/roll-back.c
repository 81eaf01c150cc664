// SPDX-License-Identifier: MIT

// mpyd-update rollback: what was good before is good again, if it may still run.

#include "base/cleanup.h"
#include "base/log.h"
#include "base/message-ids.h"
#include "update/sound.h"
#include "update/update.h"

int update_roll_back(struct update *update) {
    struct slots before = update->slots;
    enum slots_place place = slots_roll_back(&update->slots);
    CLEANUP_FREE char *path = NULL;
    struct slot found;
    int r;

    if (place == SLOTS_NONE) {
        update->slots = before;
        log_error("%s: there is no image to go back to", update->app);
        return UPDATE_FAILED;
    }
    r = update_image(update, place, &path);
    if (r == UPDATE_DONE) {
        r = sound_check(update->places, path, update->app, &found);
    }
    if (r == UPDATE_DONE) {
        r = update_write(update);
    }
    if (r != UPDATE_DONE) {
        update->slots = before;
        return r;
    }
    update_tell(update, MESSAGE_ID_ROLLED_BACK, LOG_NOTICE);
    return UPDATE_DONE;
}

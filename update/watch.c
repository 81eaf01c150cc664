// SPDX-License-Identifier: MIT
#include "update/watch.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/message-ids.h"
#include "ctl/client.h"
#include "ctl/exit.h"
#include "ctl/unit.h"
#include "update/health.h"
#include "update/probation.h"
#include "update/service.h"
#include "update/update.h"

#define USEC 1000000ull
#define TICK_NSEC 500000000l
#define ANSWER_SECONDS 5
#define INACTIVE_TICKS 3u             /* between the two halves of a restart it is, for a moment */
#define UNKNOWN_MAX_USEC (600 * USEC) /* its supervisor and systemd ask for less */

struct watching {
    const struct places *places;
    const char *app;
    struct place control;
    enum slots_place trial;
    char image[IMAGE_ID_SIZE]; /* of the trial */
    uint64_t probation_usec;
    uint64_t good_since_usec;    /* 0: it is not good now */
    uint64_t unknown_since_usec; /* 0: it is known */
    unsigned n_inactive;         /* ticks in a row */
};

static uint64_t now_usec(void) {
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * USEC + (uint64_t)now.tv_nsec / 1000;
}

// -- decisions -----------------------------------------------------------------------------------

enum { GOES_ON = -1 }; // otherwise an exit status

// Takes the slots, if the trial is still what it was.
static int take(const struct watching *watching, struct update *update) {
    int r = update_open(update, watching->places, watching->app, false);

    if (r == UPDATE_DONE &&
        (update->slots.trial != watching->trial ||
         strcmp(update->slots.slot[watching->trial].image, watching->image) != 0)) {
        return UPDATE_FAILED; // who went back has said so
    }
    return r;
}

static int confirm(const struct watching *watching) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    int r = take(watching, &update);

    if (r != UPDATE_DONE) {
        return r;
    }
    slots_confirm(&update.slots);
    slots_tell(&update.slots, "version %s is confirmed, in slot %s",
               update.slots.slot[watching->trial].version, slots_name(watching->trial));
    r = update_write(&update);
    if (r == UPDATE_DONE) {
        update_tell(&update, MESSAGE_ID_UPDATE_CONFIRMED, LOG_NOTICE);
        r = update_raise_floor(&update); // after the slots: pick raises it where power failed here
    }
    return r;
}

// Returns whether there is another image, which is to be started now; or fails.
static int give_up(const struct watching *watching, const char *why, bool *ret_is_over) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    int r = take(watching, &update);

    if (r != UPDATE_DONE) {
        return r;
    }
    *ret_is_over = slots_fail(&update.slots, why);
    r = update_write(&update);
    if (r == UPDATE_DONE) {
        update_tell(&update, MESSAGE_ID_ROLLED_BACK, LOG_WARNING);
    }
    return r;
}

static int roll_back(const struct watching *watching, const char *why) {
    bool is_over = false;
    int r = give_up(watching, why, &is_over);

    // Without another it runs on. The lock is gone by now: the start picks.
    if (r == UPDATE_DONE && is_over && service_is_up(watching->app)) {
        r = service_restart(watching->app) < 0 ? UPDATE_INTERNAL : UPDATE_DONE;
    }
    return r == UPDATE_DONE ? UPDATE_FAILED : r;
}

// -- watching ------------------------------------------------------------------------------------

// What the supervisor says. Its socket is not connected to where that would start it.
static enum health ask(const struct watching *watching, const struct unit *unit,
                       char why[HEALTH_WHY_SIZE]) {
    CLEANUP(client_free) struct client *client = NULL;
    struct json_object *status = NULL;
    enum health health = HEALTH_UNKNOWN;

    if (!unit_may_be_asked(&watching->control, unit) ||
        client_open(&watching->control, true, &client) != CTL_DONE) {
        return HEALTH_UNKNOWN;
    }
    client_set_timeout(client, ANSWER_SECONDS);
    if (client_call(client, "Status", NULL, &status) == CTL_DONE) {
        health = health_judge(status, watching->image, why);
    }
    (void)json_object_put(status);
    return health;
}

// A unit that is not running any more. GOES_ON where it is.
static int conclude_stopped(struct watching *watching, const struct unit *unit) {
    bool is_inactive = unit->is_known && strcmp(unit->active, "inactive") == 0;
    char why[HEALTH_WHY_SIZE];

    if (unit->is_known && strcmp(unit->active, "failed") == 0) {
        (void)snprintf(why, sizeof(why), "its unit failed (%s, exit status %d)", unit->result,
                       unit->status);
        return roll_back(watching, why);
    }
    // Somebody stopped it, or it came to its end, which mpyd-update stopped has noted.
    watching->n_inactive = is_inactive ? watching->n_inactive + 1 : 0;
    return watching->n_inactive < INACTIVE_TICKS ? GOES_ON : UPDATE_DONE;
}

static int conclude(struct watching *watching, enum health health, const char *why) {
    uint64_t now = now_usec();

    if (health == HEALTH_BAD) {
        return roll_back(watching, why);
    }
    if (health == HEALTH_UNKNOWN) {
        watching->good_since_usec = 0;
        watching->unknown_since_usec =
            watching->unknown_since_usec ? watching->unknown_since_usec : now;
        return now - watching->unknown_since_usec > UNKNOWN_MAX_USEC
                   ? roll_back(watching, "it was not ready within ten minutes")
                   : GOES_ON;
    }
    watching->unknown_since_usec = 0;
    if (!watching->good_since_usec) {
        update_see_ready(&(const struct update){.places = watching->places, .app = watching->app});
    }
    watching->good_since_usec = watching->good_since_usec ? watching->good_since_usec : now;
    return now - watching->good_since_usec >= watching->probation_usec ? confirm(watching)
                                                                       : GOES_ON;
}

static int tick(struct watching *watching) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    struct unit unit = UNIT_UNKNOWN;
    char why[HEALTH_WHY_SIZE] = "";
    enum health health;
    int r = take(watching, &update);

    update_done(&update); // not held while the app is asked
    if (r != UPDATE_DONE) {
        return r;
    }
    (void)unit_read(&watching->control, 1, &unit);
    health = ask(watching, &unit, why);
    r = conclude(watching, health, why);
    watching->n_inactive = health == HEALTH_UNKNOWN ? watching->n_inactive : 0;
    return r == GOES_ON && health == HEALTH_UNKNOWN ? conclude_stopped(watching, &unit) : r;
}

// What is on trial and has been started. *ret_is_there: there is such a one.
static int find_trial(struct watching *watching, bool *ret_is_there) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    int r = update_open(&update, watching->places, watching->app, false);

    *ret_is_there = r == UPDATE_DONE && update.slots.trial != SLOTS_NONE && update.slots.boots > 0;
    if (*ret_is_there) {
        watching->trial = update.slots.trial;
        memcpy(watching->image, update.slots.slot[watching->trial].image, sizeof(watching->image));
    }
    return r;
}

static int go_on(struct watching *watching) {
    const struct timespec pause = {.tv_nsec = TICK_NSEC};
    int r;

    do {
        r = tick(watching);
        if (r == GOES_ON) {
            (void)nanosleep(&pause, NULL);
        }
    } while (r == GOES_ON);
    return r;
}

int watch(const struct places *places, const char *app, const char *control,
          uint64_t probation_usec) {
    struct watching watching = {.places = places, .app = app, .probation_usec = probation_usec};
    bool is_there = false;
    int r = place_find(control ? control : app, &watching.control);

    if (r == CTL_DONE) {
        r = find_trial(&watching, &is_there);
    }
    if (r != UPDATE_DONE || !is_there) {
        return r;
    }
    if (probation_usec == WATCH_PROBATION_CONFIGURED) {
        watching.probation_usec = probation_configured(app);
    }
    return go_on(&watching);
}

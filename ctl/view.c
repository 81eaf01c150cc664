// SPDX-License-Identifier: MIT
#include "ctl/view.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/client.h"
#include "ctl/reply.h"
#include "ctl/verb.h"
#include "image/places.h"
#include "image/slots-file.h"

#define STATUS_SECONDS 5

_Static_assert(sizeof(((struct view *)0)->slots_text) >= SLOTS_FILE_WHY_SIZE, "has room for it");

#define OTHER_REMEDY "mpyctl logs APP and mpyctl crash APP say more; mpyctl start APP tries again"

// What the exit status of a supervisor that is gone tells (daemon/life/supervise.h).
static const struct ending {
    int status;
    const char *state, *reason, *remedy;
} endings[] = {
    {1, "failed", "the app failed too often (exit status 1)", OTHER_REMEDY},
    {3, "failed", "the image was refused (exit status 3)",
     "mpyctl logs APP says what is wrong with it; mpyctl install has another"},
    {4, "failed", "the configuration was refused (exit status 4)",
     "mpyctl logs APP says which line of which file; then mpyctl start APP"},
    {5, "failed", "the sandbox could not be built (exit status 5)",
     "mpyctl doctor says what the kernel lacks"},
    {7, "failed", "nobody who is trusted vouches for the image (exit status 7)",
     "mpyctl verify IMAGE says why; keys are in /etc/mpyd/keys.d"},
    {8, "locked", "the image is encrypted, and its key is not there (exit status 8)",
     "put it into /etc/credstore/mpyd.APP.image-key, then mpyctl start APP"},
    {9, "failed", "the state directory cannot be used (exit status 9)",
     "mpyctl logs APP says why; then mpyctl start APP"},
};

// What systemd says of a unit that it ended, or saw end: Result of systemd.service(5).
static const struct result {
    const char *result, *reason;
} results[] = {
    {"start-limit-hit", "it was started too often in too short a time"},
    {"exit-code", "its supervisor failed"},
    {"signal", "its supervisor was killed"},
    {"core-dump", "its supervisor crashed"},
    {"oom-kill", "its supervisor was killed: memory ran out"},
    {"watchdog", "its supervisor hung, and was ended"},
    {"timeout", "it took too long to start or to stop"},
};

// REMEDY with the app's name where APP stands in it.
static void set(struct view *view, const char *state, const char *reason, const char *remedy) {
    size_t n = 0;

    view->state = state;
    view->reason = reason;
    view->remedy = remedy ? view->remedy_text : NULL;
    while (remedy && *remedy && n + NAMING_SIZE < sizeof(view->remedy_text)) {
        if (strncmp(remedy, "APP", 3) == 0) {
            n += (size_t)snprintf(view->remedy_text + n, NAMING_SIZE, "%s", view->place.name);
            remedy += 3;
        } else {
            view->remedy_text[n++] = *remedy++;
        }
    }
    view->remedy_text[n] = '\0';
}

bool view_has_slots(const struct view *view) {
    return view->slots.good != SLOTS_NONE || view->slots.trial != SLOTS_NONE;
}

static void set_failed(struct view *view) {
    bool has_exited = strcmp(view->unit.result, "exit-code") == 0; // else it is a signal's number

    for (size_t i = 0; has_exited && i < sizeof(endings) / sizeof(endings[0]); i++) {
        if (endings[i].status == view->unit.status) {
            set(view, endings[i].state, endings[i].reason, endings[i].remedy);
            return;
        }
    }
    for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
        if (strcmp(results[i].result, view->unit.result) == 0) {
            set(view, "failed", results[i].reason, OTHER_REMEDY);
            return;
        }
    }
    set(view, "failed", view->unit.result, OTHER_REMEDY);
}

// Nobody answers, for reason R of enum ctl_exit.
static void set_by_unit(struct view *view, int r) {
    const struct unit *unit = &view->unit;

    if (r == CTL_DENIED) {
        set(view, "denied", "may not be asked by this user", "be root or in the group mpyd");
    } else if (unit->is_known && (unit->status == 0 || unit->status == CTL_IMAGE) &&
               strcmp(unit->active, "active") != 0 && !place_has_image(&view->place)) {
        set(view, strcmp(unit->active, "inactive") == 0 ? "inactive" : "failed",
            "no image of this name is installed", "mpyctl install IMAGE brings one");
    } else if (strcmp(unit->active, "failed") == 0) {
        set_failed(view);
    } else if (strcmp(unit->sub, "auto-restart") == 0) {
        set_failed(view);
        view->state = "backoff";
    } else if (strcmp(unit->active, "activating") == 0) {
        set(view, "starting", NULL, NULL);
    } else if (strcmp(unit->active, "deactivating") == 0) {
        set(view, "stopping", NULL, NULL);
    } else if (strcmp(unit->active, "active") == 0 || r == CTL_FAILED) {
        set(view, "unanswering", "its supervisor does not answer", "mpyctl restart --full APP");
    } else {
        set(view, "inactive", unit->is_known ? NULL : "nobody here runs an app of this name", NULL);
    }
}

static int ask(const struct place *place, struct json_object **ret_status) {
    CLEANUP(client_free) struct client *client = NULL;
    int r = client_open(place, true, &client);

    if (r != CTL_DONE) {
        return r;
    }
    client_set_timeout(client, STATUS_SECONDS);
    return client_call(client, "Status", NULL, ret_status);
}

static void read_slots(struct view *view) {
    int r = view->place.name[0] ? slots_file_read_app(PLACES_IMAGES, view->place.name, &view->slots,
                                                      view->slots_text)
                                : SLOTS_FILE_ABSENT;

    if (r == SLOTS_FILE_DAMAGED) {
        view->slots_why = view->slots_text;
    }
}

// A word: it is printed as it is.
static const char *state_of(struct json_object *status) {
    const char *state = reply_text_or(status, "state", "");

    return state[0] && state[strspn(state, "abcdefghijklmnopqrstuvwxyz")] == '\0' ? state : "?";
}

static void read_one(struct view *view) {
    int r = unit_may_be_asked(&view->place, &view->unit) ? ask(&view->place, &view->status)
                                                         : CTL_NOT_RUNNING;

    if (r != CTL_DONE) {
        set_by_unit(view, r);
        return;
    }
    view->state = state_of(view->status);
    view->reason = reply_text(view->status, "reason");
    view->remedy = reply_text(view->status, "remedy");
}

int view_read(const struct place *places, size_t n_places, struct view **ret_views) {
    struct view *views = calloc(n_places + 1, sizeof(*views));
    CLEANUP_FREE struct unit *units = calloc(n_places + 1, sizeof(*units));
    int r;

    if (!views || !units) {
        free(views);
        (void)log_errno(ENOMEM, "cannot ask the apps");
        return CTL_INTERNAL;
    }
    r = unit_read(places, n_places, units);
    for (size_t i = 0; r == CTL_DONE && i < n_places; i++) {
        views[i].place = places[i];
        views[i].unit = units[i];
        views[i].slots = (struct slots)SLOTS_INIT;
        read_slots(&views[i]);
        read_one(&views[i]);
    }
    if (r != CTL_DONE) {
        view_free(views, n_places);
        return r;
    }
    *ret_views = views;
    return CTL_DONE;
}

void view_free(struct view *views, size_t n_views) {
    for (size_t i = 0; views && i < n_views; i++) {
        (void)json_object_put(views[i].status);
    }
    free(views);
}

const char *view_name(const struct view *view) {
    const char *name = reply_text(view->status, "app");

    if (name && parse_is_app_name(name)) {
        return name;
    }
    return view->place.name[0] ? view->place.name : view->place.control;
}

bool view_is_well(const struct view *view) {
    return strcmp(view->state, "running") == 0;
}

int view_exit(const struct view *view) {
    static const struct {
        const char *state;
        int status;
    } rows[] = {
        {"running", CTL_DONE},      {"starting", CTL_DONE}, {"blank", CTL_DONE},
        {"verifying", CTL_DONE},    {"stopping", CTL_DONE}, {"inactive", CTL_NOT_RUNNING},
        {"ended", CTL_NOT_RUNNING}, {"denied", CTL_DENIED}, {"locked", CTL_LOCKED},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].state, view->state) == 0) {
            return rows[i].status;
        }
    }
    return CTL_FAILED;
}

// SPDX-License-Identifier: MIT

// mpyctl status --json: what Status() answers, with what only systemd knows.

#include <json-c/json.h>

#include "ctl/json.h"
#include "ctl/print.h"
#include "ctl/status.h"
#include "ctl/verb.h"
#include "ctl/view.h"

static void set_optional(struct json_object *object, const char *key, const char *text) {
    if (text && text[0]) {
        json_set_text(object, key, text);
    } else {
        json_set(object, key, NULL);
    }
}

static struct json_object *make_unit(const struct unit *unit) {
    struct json_object *object;

    if (!unit->is_known) {
        return NULL;
    }
    object = json_new_object();
    json_set_text(object, "active", unit->active);
    json_set_text(object, "sub", unit->sub);
    set_optional(object, "enabled", unit->enabled);
    json_set_text(object, "result", unit->result);
    json_set_number(object, "exit_status", (uint64_t)unit->status);
    json_set_number(object, "restarts", unit->n_restarts);
    return object;
}

static struct json_object *make_slot(const struct slots *slots, enum slots_place place) {
    struct json_object *object;

    if (place == SLOTS_NONE) {
        return NULL;
    }
    object = json_new_object();
    json_set_text(object, "place", slots_name(place));
    json_set_text(object, "version", slots->slot[place].version);
    json_set_text(object, "image", slots->slot[place].image);
    return object;
}

static struct json_object *make_update(const struct view *view) {
    struct json_object *object;

    if (!view_has_slots(view) && !view->slots_why) {
        return NULL;
    }
    object = json_new_object();
    json_set(object, "good", make_slot(&view->slots, view->slots.good));
    json_set(object, "trial", make_slot(&view->slots, view->slots.trial));
    set_optional(object, "event", view->slots_why ? view->slots_why : view->slots.event);
    return object;
}

static struct json_object *make_app(const struct view *view) {
    struct json_object *app = json_new_object();

    json_set_text(app, "app", view_name(view));
    json_set_text(app, "state", view->state);
    set_optional(app, "reason", view->reason);
    set_optional(app, "remedy", view->remedy);
    set_optional(app, "control", view->place.control);
    json_set(app, "unit", make_unit(&view->unit));
    json_set(app, "update", make_update(view));
    json_set(app, "status", view->status ? json_object_get(view->status) : NULL);
    return app;
}

void status_print_json(const struct view *views, size_t n_views) {
    struct json_object *object = json_new_object(), *apps = json_new_array();

    for (size_t i = 0; i < n_views; i++) {
        json_append(apps, make_app(&views[i]));
    }
    json_set(object, "apps", apps);
    print_json(object);
}

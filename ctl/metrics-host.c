// SPDX-License-Identifier: MIT
#include "ctl/metrics-host.h"

#include <json-c/json.h>

#include "ctl/json.h"
#include "image/places.h"
#include "image/slots-file.h"

static struct json_object *new_family(struct json_object *families, const char *name,
                                      const char *type, const char *help) {
    struct json_object *family = json_new_object(), *samples = json_new_array();

    json_set_text(family, "name", name);
    json_set_text(family, "type", type);
    json_set_text(family, "unit", "");
    json_set_text(family, "help", help);
    json_set(family, "samples", samples);
    json_append(families, family);
    return samples;
}

// A sample of VALUE without labels, which are returned.
static struct json_object *new_sample(struct json_object *samples, const char *suffix, int value) {
    struct json_object *sample = json_new_object(), *labels = json_new_object();

    json_set_text(sample, "suffix", suffix);
    json_set(sample, "labels", labels);
    json_set_number(sample, "value", (uint64_t)value);
    json_append(samples, sample);
    return labels;
}

static void add_up(struct json_object *families, const struct unit *unit, bool is_up) {
    struct json_object *samples = new_family(families, "mpyd_up", "gauge",
                                             "Whether the app's supervisor answers; unit says "
                                             "whether systemd is to start it.");

    json_set_text(new_sample(samples, "", is_up), "unit",
                  unit->enabled[0] ? unit->enabled : "none");
}

static const char *role_of(const struct slots *slots, enum slots_place place) {
    return place == slots->trial ? "trial" : place == slots->good ? "good" : "none";
}

static void add_slots(struct json_object *families, const struct place *place) {
    char why[SLOTS_FILE_WHY_SIZE];
    struct json_object *samples, *labels;
    struct slots slots;

    if (!place->name[0] || slots_file_read_app(PLACES_IMAGES, place->name, &slots, why) != 0) {
        return;
    }
    samples = new_family(families, "mpyd_slot", "info",
                         "An image that can be run; a verdict of bad: it was rolled back.");
    for (enum slots_place i = SLOTS_A; i < SLOTS_N; i++) {
        if (slots.slot[i].verdict == SLOTS_EMPTY) {
            continue;
        }
        labels = new_sample(samples, "_info", 1);
        json_set_text(labels, "slot", slots_name(i));
        json_set_text(labels, "version", slots.slot[i].version);
        json_set_text(labels, "image", slots.slot[i].image);
        json_set_text(labels, "verdict", slots_verdict_name(slots.slot[i].verdict));
        json_set_text(labels, "role", role_of(&slots, i));
    }
}

struct json_object *metrics_host_add(struct json_object *reply, const struct place *place,
                                     const struct unit *unit) {
    bool is_up = reply;
    struct json_object *families = NULL;

    reply = reply ? reply : json_new_object();
    if (!json_object_object_get_ex(reply, "families", &families) ||
        !json_object_is_type(families, json_type_array)) {
        families = json_new_array();
        json_set(reply, "families", families);
    }
    add_up(families, unit, is_up);
    add_slots(families, place);
    return reply;
}

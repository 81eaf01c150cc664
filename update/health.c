// SPDX-License-Identifier: MIT
#include "update/health.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

// States that are not here say nothing yet.
static const struct {
    const char *name;
    enum health health;
} states[] = {
    {"running", HEALTH_GOOD}, {"degraded", HEALTH_BAD}, {"backoff", HEALTH_BAD},
    {"failed", HEALTH_BAD},   {"corrupt", HEALTH_BAD},  {"locked", HEALTH_BAD},
};

// The text KEY of OBJECT, or "".
static const char *text_of(struct json_object *object, const char *key) {
    struct json_object *value = NULL;

    return json_object_object_get_ex(object, key, &value) &&
                   json_object_is_type(value, json_type_string)
               ? json_object_get_string(value)
               : "";
}

// TEXT without the words BEGIN in front of it.
static const char *without(const char *text, const char *begin) {
    return strncmp(text, begin, strlen(begin)) == 0 ? text + strlen(begin) : text;
}

static struct json_object *member(struct json_object *object, const char *key) {
    struct json_object *value = NULL;

    return json_object_object_get_ex(object, key, &value) ? value : NULL;
}

static bool is_true(struct json_object *object, const char *key) {
    return json_object_get_boolean(member(object, key)); // of NULL: false
}

static enum health state_health(const char *state) {
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        if (strcmp(states[i].name, state) == 0) {
            return states[i].health;
        }
    }
    return HEALTH_UNKNOWN;
}

enum health health_judge(struct json_object *status, const char *image, char why[HEALTH_WHY_SIZE]) {
    struct json_object *end = member(status, "last_end");
    const char *state = text_of(status, "state"), *reason = text_of(status, "reason");
    enum health health = state_health(state);

    if (strcmp(text_of(status, "image"), image) != 0) {
        return HEALTH_UNKNOWN;
    }
    if (is_true(end, "failed") ||
        json_object_get_int64(member(member(status, "restarts"), "recent"))) {
        (void)snprintf(why, HEALTH_WHY_SIZE, "its worker failed: %s",
                       without(text_of(end, "text"), "failed: "));
        return HEALTH_BAD;
    }
    if (health == HEALTH_BAD) {
        (void)snprintf(why, HEALTH_WHY_SIZE, "it is %s%s%s", state, *reason ? ": " : "", reason);
    }
    return health == HEALTH_GOOD && !is_true(member(status, "worker"), "ready") ? HEALTH_UNKNOWN
                                                                                : health;
}

// SPDX-License-Identifier: MIT
#include "ctl/reply.h"

#include <json-c/json.h>
#include <string.h>

static struct json_object *of_type(struct json_object *object, const char *key, json_type type) {
    struct json_object *value = NULL;

    if (!object || !json_object_is_type(object, json_type_object) ||
        !json_object_object_get_ex(object, key, &value)) {
        return NULL;
    }
    return json_object_is_type(value, type) ? value : NULL;
}

const char *reply_text(struct json_object *object, const char *key) {
    struct json_object *value = of_type(object, key, json_type_string);

    return value ? json_object_get_string(value) : NULL;
}

const char *reply_text_or(struct json_object *object, const char *key, const char *otherwise) {
    const char *text = reply_text(object, key);

    return text ? text : otherwise;
}

uint64_t reply_number(struct json_object *object, const char *key) {
    struct json_object *value = of_type(object, key, json_type_int);
    int64_t number = value ? json_object_get_int64(value) : 0;

    return number > 0 ? (uint64_t)number : 0;
}

double reply_value(struct json_object *object, const char *key) {
    struct json_object *value = of_type(object, key, json_type_double);

    if (!value) {
        value = of_type(object, key, json_type_int);
    }
    return value ? json_object_get_double(value) : 0;
}

bool reply_bool(struct json_object *object, const char *key) {
    struct json_object *value = of_type(object, key, json_type_boolean);

    return value && json_object_get_boolean(value);
}

bool reply_has(struct json_object *object, const char *key) {
    struct json_object *value = NULL;

    return object && json_object_is_type(object, json_type_object) &&
           json_object_object_get_ex(object, key, &value) && value;
}

struct json_object *reply_object(struct json_object *object, const char *key) {
    return of_type(object, key, json_type_object);
}

struct json_object *reply_member(struct json_object *object, const char *key, size_t index) {
    struct json_object *list = of_type(object, key, json_type_array);

    return list && index < json_object_array_length(list) ? json_object_array_get_idx(list, index)
                                                          : NULL;
}

struct json_object *reply_find(struct json_object *object, const char *list, const char *key,
                               const char *value) {
    struct json_object *found;

    for (size_t i = 0; (found = reply_member(object, list, i)); i++) {
        if (strcmp(reply_text_or(found, key, ""), value) == 0) {
            return found;
        }
    }
    return NULL;
}

const char *reply_member_text(struct json_object *object, const char *key, size_t index) {
    struct json_object *member = reply_member(object, key, index);

    return member && json_object_is_type(member, json_type_string) ? json_object_get_string(member)
                                                                   : NULL;
}

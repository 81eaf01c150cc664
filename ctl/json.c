// SPDX-License-Identifier: MIT
#include "ctl/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ctl/exit.h"

static void check(int is_good) {
    if (!is_good) {
        (void)log_errno(ENOMEM, "cannot make JSON");
        exit(CTL_INTERNAL);
    }
}

static struct json_object *checked(struct json_object *object) {
    check(object != NULL);
    return object;
}

struct json_object *json_new_object(void) {
    return checked(json_object_new_object());
}

struct json_object *json_new_array(void) {
    return checked(json_object_new_array());
}

void json_append(struct json_object *list, struct json_object *value) {
    check(json_object_array_add(list, value) == 0);
}

void json_append_text(struct json_object *list, const char *text) {
    json_append(list, checked(json_object_new_string(text)));
}

void json_set(struct json_object *object, const char *key, struct json_object *value) {
    check(json_object_object_add(object, key, value) == 0);
}

void json_set_text(struct json_object *object, const char *key, const char *text) {
    json_set(object, key, checked(json_object_new_string(text)));
}

void json_set_number(struct json_object *object, const char *key, uint64_t number) {
    json_set(object, key, checked(json_object_new_uint64(number)));
}

void json_set_bool(struct json_object *object, const char *key, int value) {
    json_set(object, key, checked(json_object_new_boolean(value)));
}

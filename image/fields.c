// SPDX-License-Identifier: MIT
#include "image/fields.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "image/why.h"

#define TEXT_SIZE_MAX 320u
#define LABEL_SIZE 96

#define REFUSE(reader, format, ...)                                                                \
    why_refuse((reader)->why, (reader)->why_size, "%s: " format, (reader)->what, ##__VA_ARGS__)

static int read_members(const struct field_reader *reader, const char *label,
                        struct json_object *object, const struct field *fields, void *target);
static int read_row(const struct field_reader *reader, const char *label, struct json_object *row,
                    const struct field *fields, void *target);

static int check_ascii(const struct field_reader *reader, const char *label, const char *text,
                       size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return REFUSE(reader, "%s holds the byte 0x%02x, which is not printable ASCII", label,
                          (unsigned char)text[i]);
        }
    }
    return 0;
}

static int check_unicode(const struct field_reader *reader, const char *label, const char *text,
                         size_t size) {
    if (utf8_is_harmless(text, size)) {
        return 0;
    }
    return REFUSE(reader, "%s holds what is not printable text", label);
}

static int read_text(const struct field_reader *reader, const char *label,
                     struct json_object *value, const struct field *field, char **ret_text) {
    const char *text;
    size_t size;
    int r;

    if (!json_object_is_type(value, json_type_string)) {
        return REFUSE(reader, "%s is not a string", label);
    }
    text = json_object_get_string(value);
    size = (size_t)json_object_get_string_len(value);
    if (size > TEXT_SIZE_MAX) {
        return REFUSE(reader, "%s has %zu bytes, more than %u", label, size, TEXT_SIZE_MAX);
    }
    r = (field->kind == FIELD_UNICODE ? check_unicode : check_ascii)(reader, label, text, size);
    if (r != 0) {
        return r;
    }
    if (field->check && !field->check(text)) {
        return REFUSE(reader, "%s = \"%s\" is not of the form it must have", label, text);
    }
    *ret_text = strdup(text);
    return *ret_text ? 0 : -ENOMEM;
}

static int read_number(const struct field_reader *reader, const char *label,
                       struct json_object *value, const struct field *field, uint64_t *ret_number) {
    int64_t number;

    if (!json_object_is_type(value, json_type_int)) {
        return REFUSE(reader, "%s is not an integer", label);
    }
    number = json_object_get_int64(value); /* the nearest one, where it does not fit */
    if (number < 0 || (uint64_t)number < field->min || (uint64_t)number > field->max) {
        return REFUSE(reader, "%s = %lld is outside %llu to %llu", label, (long long)number,
                      (unsigned long long)field->min, (unsigned long long)field->max);
    }
    *ret_number = (uint64_t)number;
    return 0;
}

static int read_item(const struct field_reader *reader, const char *label,
                     struct json_object *value, const struct field *field, void *target) {
    if (field->kind == FIELD_TEXTS) {
        return read_text(reader, label, value, field, target);
    }
    if (field->kind == FIELD_ROWS) {
        return read_row(reader, label, value, field->fields, target);
    }
    return read_members(reader, label, value, field->fields, target);
}

static int read_array(const struct field_reader *reader, const char *label,
                      struct json_object *value, const struct field *field,
                      struct field_array *array) {
    size_t item_size = field->kind == FIELD_TEXTS ? sizeof(char *) : field->item_size;
    size_t n_items;

    if (!json_object_is_type(value, json_type_array)) {
        return REFUSE(reader, "%s is not an array", label);
    }
    n_items = json_object_array_length(value);
    if (n_items < field->min || n_items > field->max) {
        return REFUSE(reader, "%s has %zu elements; %llu to %llu are allowed", label, n_items,
                      (unsigned long long)field->min, (unsigned long long)field->max);
    }
    if (n_items == 0) {
        return 0;
    }
    array->items = calloc(n_items, item_size);
    if (!array->items) {
        return -ENOMEM;
    }
    array->n_items = n_items;
    for (size_t i = 0; i < n_items; i++) {
        char item_label[LABEL_SIZE];
        int r;

        (void)snprintf(item_label, sizeof(item_label), "%.64s[%u]", label, (unsigned)i);
        r = read_item(reader, item_label, json_object_array_get_idx(value, i), field,
                      (char *)array->items + i * item_size);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

static int read_member(const struct field_reader *reader, const char *label,
                       struct json_object *value, const struct field *field, void *target) {
    void *place = (char *)target + field->offset;

    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_UNICODE:
        return read_text(reader, label, value, field, place);
    case FIELD_NUMBER:
        return read_number(reader, label, value, field, place);
    case FIELD_TEXTS:
    case FIELD_OBJECTS:
    case FIELD_ROWS:
        return read_array(reader, label, value, field, place);
    case FIELD_OBJECT:
        break;
    }
    return read_members(reader, label, value, field->fields, target);
}

static int read_row(const struct field_reader *reader, const char *label, struct json_object *row,
                    const struct field *fields, void *target) {
    size_t n = 0;

    while (fields[n].name) {
        n++;
    }
    if (!json_object_is_type(row, json_type_array) || json_object_array_length(row) != n) {
        return REFUSE(reader, "%s is not an array of %zu", label, n);
    }
    for (size_t i = 0; i < n; i++) {
        char member_label[LABEL_SIZE];
        int r;

        (void)snprintf(member_label, sizeof(member_label), "%.64s.%s", label, fields[i].name);
        r = read_member(reader, member_label, json_object_array_get_idx(row, i), &fields[i],
                        target);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

static bool is_known(const struct field *fields, const char *name) {
    for (const struct field *field = fields; field->name; field++) {
        if (strcmp(field->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int read_members(const struct field_reader *reader, const char *label,
                        struct json_object *object, const struct field *fields, void *target) {
    const char *dot = *label ? "." : "";

    if (!json_object_is_type(object, json_type_object)) {
        return REFUSE(reader, "%s is not an object", *label ? label : "the text");
    }
    json_object_object_foreach(object, name, unread) {
        (void)unread;
        if (!is_known(fields, name)) {
            return REFUSE(reader, "unknown field %s%s%.80s", label, dot, name);
        }
    }
    for (const struct field *field = fields; field->name; field++) {
        struct json_object *value;
        char member_label[LABEL_SIZE];
        int r;

        (void)snprintf(member_label, sizeof(member_label), "%s%s%s", label, dot, field->name);
        if (!json_object_object_get_ex(object, field->name, &value)) {
            if (field->optional) {
                continue;
            }
            return REFUSE(reader, "no field %s", member_label);
        }
        r = read_member(reader, member_label, value, field, target);
        if (r != 0) {
            return r;
        }
    }
    return 0;
}

int field_read(const struct field_reader *reader, struct json_object *object,
               const struct field *fields, void *target) {
    return read_members(reader, "", object, fields, target);
}

static void json_free(struct json_object **object) {
    (void)json_object_put(*object);
}

static void tokener_free(struct json_tokener **tokener) {
    if (*tokener) {
        json_tokener_free(*tokener);
    }
}

int field_parse(const struct field_reader *reader, const char *text, size_t size, int depth,
                struct json_object **ret_object) {
    CLEANUP(tokener_free) struct json_tokener *tokener = json_tokener_new_ex(depth);
    CLEANUP(json_free) struct json_object *object = NULL;
    enum json_tokener_error error;

    if (!tokener) {
        return -ENOMEM;
    }
    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    // Without memory json-c stops early or leaves a field out, and says so only from 0.17 on.
    errno = 0;
    object = json_tokener_parse_ex(tokener, text, (int)size);
    error = json_tokener_get_error(tokener);
    if (errno == ENOMEM) {
        return -ENOMEM;
    }
    if (error == json_tokener_continue) {
        return REFUSE(reader, "the JSON text ends early, at byte %zu", size);
    }
    if (error != json_tokener_success) {
        return REFUSE(reader, "byte %zu: %s", json_tokener_get_parse_end(tokener),
                      json_tokener_error_desc(error));
    }
    if (json_tokener_get_parse_end(tokener) != size) {
        return REFUSE(reader, "%zu bytes follow the JSON text",
                      size - json_tokener_get_parse_end(tokener));
    }
    *ret_object = steal_ptr(&object);
    return 0;
}

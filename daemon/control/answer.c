// SPDX-License-Identifier: MIT
#include "daemon/control/answer.h"

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"

struct answer answer_new(void) {
    struct json_object *object = json_object_new_object();

    return (struct answer){.object = object, .failed = !object};
}

void answer_done(struct answer *answer) {
    (void)json_object_put(answer->object);
    answer->object = NULL;
}

struct json_object *answer_take(struct answer *answer) {
    if (answer->failed) {
        answer_done(answer);
    }
    return steal_ptr(&answer->object);
}

void answer_drop(struct json_object *object) {
    (void)json_object_put(object);
}

// VALUE may be NULL, which JSON-C has for null.
static bool insert(struct json_object *in, const char *key, struct json_object *value) {
    int r = 0;

    if (!in) {
        return false;
    }
    r = key ? json_object_object_add(in, key, value) : json_object_array_add(in, value);
    return r == 0;
}

// A value that could not be put anywhere is gone: nothing is to be put into it.
static struct json_object *put_new(struct answer *answer, struct json_object *in, const char *key,
                                   struct json_object *object) {
    if (!object || !insert(in, key, object)) {
        answer->failed = true;
        (void)json_object_put(object);
        return NULL;
    }
    return object;
}

void answer_put(struct answer *answer, struct json_object *in, const char *key,
                struct json_object *object) {
    (void)put_new(answer, in, key, object);
}

void answer_null(struct answer *answer, struct json_object *in, const char *key) {
    answer->failed |= !insert(in, key, NULL);
}

// Bytes of TEXT before what is no UTF-8: one that had no room may have been cut within a character,
// and would make the whole reply something else than JSON.
static int text_size(const char *text) {
    size_t whole = strlen(text), size = 0, n = 0;
    uint32_t point = 0;

    do {
        size += n;
        n = utf8_decode((const uint8_t *)text + size, whole - size, &point);
    } while (n > 0);
    return (int)size;
}

void answer_text(struct answer *answer, struct json_object *in, const char *key, const char *text) {
    if (text) {
        answer_put(answer, in, key, json_object_new_string_len(text, text_size(text)));
    } else {
        answer_null(answer, in, key);
    }
}

void answer_number(struct answer *answer, struct json_object *in, const char *key, int64_t number) {
    answer_put(answer, in, key, json_object_new_int64(number));
}

void answer_real(struct answer *answer, struct json_object *in, const char *key, double number) {
    answer_put(answer, in, key, json_object_new_double(number));
}

void answer_bool(struct answer *answer, struct json_object *in, const char *key, bool value) {
    answer_put(answer, in, key, json_object_new_boolean(value));
}

struct json_object *answer_object(struct answer *answer, struct json_object *in, const char *key) {
    return put_new(answer, in, key, json_object_new_object());
}

struct json_object *answer_list(struct answer *answer, struct json_object *in, const char *key) {
    return put_new(answer, in, key, json_object_new_array());
}

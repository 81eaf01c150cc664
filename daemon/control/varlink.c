// SPDX-License-Identifier: MIT
#include "daemon/control/varlink.h"

#include <errno.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "daemon/control/answer.h"

static void put_tokener(json_tokener **tokener) {
    if (*tokener) {
        json_tokener_free(*tokener);
    }
}

static void put_object(struct json_object **object) {
    (void)json_object_put(*object);
}

// The one value that TEXT is. Returns NULL if it is none, with *ret_r -EBADMSG or -ENOMEM.
static struct json_object *parse(const char *text, size_t size, int *ret_r) {
    CLEANUP(put_tokener) json_tokener *tokener = json_tokener_new_ex(VARLINK_DEPTH);
    CLEANUP(put_object) struct json_object *object = NULL;

    *ret_r = tokener ? -EBADMSG : -ENOMEM;
    // JSON-C's own look at UTF-8 lets overlong forms pass.
    if (!tokener || size > INT_MAX || !utf8_is_text((const uint8_t *)text, size)) {
        return NULL;
    }
    // Not JSON_TOKENER_STRICT: that of 0.18 (Debian 13) takes every byte of UTF-8 for a control
    // character. What is let pass beyond JSON (comments, 'x') is a value all the same.
    object = json_tokener_parse_ex(tokener, text, (int)size);
    // JSON-C tells running out of memory like any other mistake: both end the connection.
    if (json_tokener_get_error(tokener) != json_tokener_success ||
        json_tokener_get_parse_end(tokener) != size) {
        return NULL;
    }
    return steal_ptr(&object);
}

static bool is_text(struct json_object *object) {
    return json_object_is_type(object, json_type_string) &&
           strlen(json_object_get_string(object)) == (size_t)json_object_get_string_len(object);
}

// Absent and null are false. Returns false if KEY is something else.
static bool get_flag(struct json_object *message, const char *key, bool *ret_flag) {
    struct json_object *value = NULL;

    *ret_flag = json_object_object_get_ex(message, key, &value) && json_object_get_boolean(value);
    return !value || json_object_is_type(value, json_type_boolean);
}

static bool get_call(struct varlink_call *call) {
    struct json_object *method = NULL;

    if (!json_object_is_type(call->message, json_type_object) ||
        !json_object_object_get_ex(call->message, "method", &method) || !is_text(method)) {
        return false;
    }
    call->method = json_object_get_string(method);
    (void)json_object_object_get_ex(call->message, "parameters", &call->parameters);
    return (!call->parameters || json_object_is_type(call->parameters, json_type_object)) &&
           get_flag(call->message, "more", &call->more) &&
           get_flag(call->message, "oneway", &call->oneway);
}

int varlink_parse(const char *text, size_t size, struct varlink_call *ret_call) {
    int r = 0;
    struct varlink_call call = {.message = parse(text, size, &r)};

    if (!call.message || !get_call(&call)) {
        varlink_call_done(&call);
        return r;
    }
    *ret_call = call;
    return 0;
}

void varlink_call_done(struct varlink_call *call) {
    (void)json_object_put(call->message);
    *call = (struct varlink_call){0};
}

static struct json_object *wrap(const char *error, struct json_object *parameters, bool continues) {
    struct answer answer = answer_new();

    if (error) {
        answer_text(&answer, answer.object, "error", error);
    }
    answer_put(&answer, answer.object, "parameters", parameters);
    if (continues) {
        answer_bool(&answer, answer.object, "continues", true);
    }
    return answer_take(&answer);
}

char *varlink_reply(const char *error, struct json_object *parameters, bool continues,
                    size_t *ret_size) {
    CLEANUP(put_object) struct json_object *message = wrap(error, parameters, continues);
    const char *text = NULL;
    size_t size = 0;
    char *copy = NULL;

    if (message) {
        text = json_object_to_json_string_length(
            message, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, &size);
    }
    copy = text ? malloc(size + 1) : NULL;
    if (copy) {
        memcpy(copy, text, size);
        copy[size] = '\0';
        *ret_size = size + 1;
    }
    return copy;
}

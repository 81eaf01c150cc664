// SPDX-License-Identifier: MIT
#pragma once

// Reads JSON that somebody else has made: what is missing, or of another type, is as if it were not
// said. OBJECT may be NULL everywhere. Whatever is returned stays OBJECT's.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

// The text KEY; NULL: there is none.
const char *reply_text(struct json_object *object, const char *key);

// The same, OTHERWISE where there is none.
const char *reply_text_or(struct json_object *object, const char *key, const char *otherwise);

// The number KEY; 0: there is none, or it is negative.
uint64_t reply_number(struct json_object *object, const char *key);
double reply_value(struct json_object *object, const char *key);
bool reply_bool(struct json_object *object, const char *key);

// Whether KEY is there and not null.
bool reply_has(struct json_object *object, const char *key);

// The object KEY; NULL: there is none.
struct json_object *reply_object(struct json_object *object, const char *key);

// Member INDEX of the list KEY; NULL: it ends before that, or there is none.
struct json_object *reply_member(struct json_object *object, const char *key, size_t index);

// The first member of the list LIST whose text KEY is VALUE; NULL: there is none.
struct json_object *reply_find(struct json_object *object, const char *list, const char *key,
                               const char *value);

// Member INDEX of the list KEY as text; NULL likewise.
const char *reply_member_text(struct json_object *object, const char *key, size_t index);

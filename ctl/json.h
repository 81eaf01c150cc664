// SPDX-License-Identifier: MIT
#pragma once

// Makes JSON, without an answer to running out of memory: mpyctl then says so and exits.

#include <stddef.h>
#include <stdint.h>

struct json_object;

struct json_object *json_new_object(void);
struct json_object *json_new_array(void);

// Appends VALUE to LIST, whose it is from now on.
void json_append(struct json_object *list, struct json_object *value);
void json_append_text(struct json_object *list, const char *text);

// Each sets KEY of OBJECT. What is handed over is OBJECT's from now on.
void json_set(struct json_object *object, const char *key, struct json_object *value);
void json_set_text(struct json_object *object, const char *key, const char *text);
void json_set_number(struct json_object *object, const char *key, uint64_t number);
void json_set_bool(struct json_object *object, const char *key, int value);

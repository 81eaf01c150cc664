// SPDX-License-Identifier: MIT
#pragma once

// Makes JSON for a client. Running out of memory is noted and nothing after it does anything, so
// that who fills an answer in looks once, at its end (connection_reply()).

#include <stdbool.h>
#include <stdint.h>

struct json_object;

struct answer {
    struct json_object *object; /* the outermost */
    bool failed;
};

// An empty answer. Whose it is: answer_take()'s or answer_done()'s.
struct answer answer_new(void);
void answer_done(struct answer *answer);

// The object, the caller's; NULL if memory ran out.
struct json_object *answer_take(struct answer *answer);

// Frees an object that was taken.
void answer_drop(struct json_object *object);

// Each sets KEY of the object IN, or appends to the list IN if KEY is NULL. IN may be what an
// earlier one of these could not make. TEXT may be NULL: null.
void answer_text(struct answer *answer, struct json_object *in, const char *key, const char *text);
void answer_number(struct answer *answer, struct json_object *in, const char *key, int64_t number);
void answer_real(struct answer *answer, struct json_object *in, const char *key, double number);
void answer_bool(struct answer *answer, struct json_object *in, const char *key, bool value);
void answer_null(struct answer *answer, struct json_object *in, const char *key);
struct json_object *answer_object(struct answer *answer, struct json_object *in, const char *key);
struct json_object *answer_list(struct answer *answer, struct json_object *in, const char *key);

// Hands OBJECT over, which may be NULL for want of memory.
void answer_put(struct answer *answer, struct json_object *in, const char *key,
                struct json_object *object);

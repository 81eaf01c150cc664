// SPDX-License-Identifier: MIT
#pragma once

// Reads foreign JSON into plain structs, by a table: every member known, typed and in range, none
// missing. What is not of the form is refused in one line that names the member.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

enum field_kind {
    FIELD_TEXT,    /* char *: printable ASCII, freed by the caller */
    FIELD_UNICODE, /* char *: UTF-8 that is harmless (base/utf8.h), freed by the caller */
    FIELD_NUMBER,  /* uint64_t */
    FIELD_TEXTS,   /* struct field_array of char * */
    FIELD_OBJECT,  /* its members go to the same struct */
    FIELD_OBJECTS, /* struct field_array of structs */
    FIELD_ROWS,    /* struct field_array of structs; each an array, whose elements go by position */
};

struct field_array {
    void *items;
    size_t n_items;
};

// A member of a JSON object, and where its value goes. A table of them ends with a NULL name.
struct field {
    const char *name;
    enum field_kind kind;
    bool optional;                   /* the target is untouched where it is missing */
    size_t offset;                   /* in the struct */
    bool (*check)(const char *text); /* FIELD_TEXT, FIELD_TEXTS: whether the text means something */
    uint64_t min, max;               /* of the number, or of the number of elements */
    const struct field *fields;      /* FIELD_OBJECT, FIELD_OBJECTS, FIELD_ROWS */
    size_t item_size;                /* FIELD_OBJECTS, FIELD_ROWS: bytes of a struct */
};

struct field_reader {
    const char *what; /* "manifest", in front of every reason */
    char *why;
    size_t why_size;
};

// Parses the SIZE bytes at TEXT, at most DEPTH levels deep, with nothing but white space around it.
// Returns 0 and *ret_object, put by the caller; 1 and the reason; or -ENOMEM.
int field_parse(const struct field_reader *reader, const char *text, size_t size, int depth,
                struct json_object **ret_object);

// Fills the zeroed struct TARGET from OBJECT. Returns 0; 1 and the reason; or -ENOMEM. What was
// allocated by then is in TARGET either way.
int field_read(const struct field_reader *reader, struct json_object *object,
               const struct field *fields, void *target);

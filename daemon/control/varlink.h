// SPDX-License-Identifier: MIT
#pragma once

// Messages of the Varlink protocol (varlink.org): one JSON object each, ended by a NUL on the wire.
// What comes is of anybody: it is read whole, within a depth, and typed here.

#include <stdbool.h>
#include <stddef.h>

#define VARLINK_DEPTH 16 /* of objects and lists in each other */

struct json_object;

// A method called.
struct varlink_call {
    struct json_object *message;    /* owned */
    const char *method;             /* "INTERFACE.METHOD"; of the message, as what follows */
    struct json_object *parameters; /* an object, or NULL: none were given */
    bool more, oneway;
};

// Reads the SIZE bytes at TEXT, without their NUL. Returns 0 and *ret_call, freed by
// varlink_call_done(); -EBADMSG: they are no call; or -ENOMEM.
int varlink_parse(const char *text, size_t size, struct varlink_call *ret_call);

// Frees what CALL owns and empties it. An empty one is fine.
void varlink_call_done(struct varlink_call *call);

// Makes a reply of PARAMETERS, which is taken; CONTINUES: more follow it. ERROR: NULL, or the error
// that it is. Returns its text, the caller's, of *ret_size bytes with its NUL; NULL: no memory,
// also if PARAMETERS is NULL for want of it.
char *varlink_reply(const char *error, struct json_object *parameters, bool continues,
                    size_t *ret_size);

// SPDX-License-Identifier: MIT
#pragma once

// The Varlink interfaces that are served: from the descriptions (*.varlink), by
// daemon/control/geninterface.

#include <stdbool.h>

#include "daemon/control/control-methods.h" /* generated: a function for each method, found by the linker */

enum control_type {
    CONTROL_TEXT,   /* no NUL in it */
    CONTROL_NUMBER, /* 64 bits */
    CONTROL_BOOL,
    CONTROL_TEXTS,
};

// A parameter; the last of a method has no name.
struct control_field {
    const char *name;
    enum control_type type;
    bool nullable; /* or absent */
};

// The function replies, at once or later (connection.h). PARAMETERS are of the types that the
// method says; what is absent or null it does not find.
struct control_method {
    const char *name; /* NULL: the end */
    void (*serve)(struct connection *connection, struct json_object *parameters);
    const struct control_field *fields;
};

struct control_interface {
    const char *name; /* NULL: the end */
    const char *text;
    const struct control_method *methods;
};

extern const struct control_interface control_interfaces[];

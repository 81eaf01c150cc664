// SPDX-License-Identifier: MIT
#pragma once

// Where apps are: their control sockets, and the folders in which an installed or enabled app
// leaves a trace.

#include <stdbool.h>
#include <stddef.h>

#include "image/naming.h"

#define PLACE_CONTROL_SIZE 108 /* of a socket's path, NUL included: sun_path of unix(7) */

struct place {
    char name[NAMING_SIZE];           /* "" of a socket that was named by its path */
    char control[PLACE_CONTROL_SIZE]; /* of its control socket; "": there is none */
    bool is_unit;                     /* the socket is where the unit's is */
};

// Where the app OPERAND is, a name or, with a / in it, the path of a control socket: that of the
// user before that of the system. Returns CTL_DONE and *ret_place, whose socket need not be there;
// or CTL_USAGE, having said that this is no name.
int place_find(const char *operand, struct place *ret_place);

// Whether the unit of the app PLACE has an image to start, an installed one or the vendor's.
bool place_has_image(const struct place *place);

// All apps that are running, installed or enabled here, ascending by name. *ret_places is the
// caller's, to be freed; NULL: none. Returns CTL_DONE, or CTL_INTERNAL, having said why.
int place_list(struct place **ret_places, size_t *ret_n_places);

// As many of OPERANDS as there are, or, if there are none, those of place_list(). As that.
int place_of_operands(char **operands, size_t n_operands, struct place **ret_places,
                      size_t *ret_n_places);

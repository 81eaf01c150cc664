// SPDX-License-Identifier: MIT
#pragma once

// Apps that are running, so that they can be asked: connecting to another would have systemd start
// it.

#include "ctl/client.h"
#include "ctl/unit.h"

// Connects to the app OPERAND (place.h). Returns as client_open(), or CTL_USAGE, having said why.
int running_open(const char *operand, struct client **ret_client);

// The same, of which all is known but whether it is running.
int running_open_place(const struct place *place, const struct unit *unit,
                       struct client **ret_client);

// Those of OPERANDS, or, if there are none, all that are running here, in *ret_places, the
// caller's. Returns CTL_DONE, or another of enum ctl_exit, having said why.
int running_list(char **operands, size_t n_operands, struct place **ret_places,
                 size_t *ret_n_places);

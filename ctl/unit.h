// SPDX-License-Identifier: MIT
#pragma once

// What systemd says of apps' units, mpyd@APP.service and mpyd@APP.socket, by way of systemctl(1).

#include <stdbool.h>
#include <stddef.h>

#include "ctl/place.h"

#define UNIT_NAME_SIZE 64

struct unit {
    bool is_known;          /* there is a systemd, which has a unit for the app */
    char active[16];        /* "active", "activating", "inactive", "failed" ... */
    char sub[16];           /* "running", "auto-restart" ... */
    char enabled[16];       /* "enabled", "disabled" ...; "" */
    char result[24];        /* why it failed: "exit-code", "watchdog" ... */
    int status;             /* exit status of its last process */
    unsigned n_restarts;    /* by systemd */
    bool has_job;           /* somebody wants it started, stopped or the like just now */
    bool is_socket_waiting; /* whoever connects to the control socket would start the unit */
};

#define UNIT_UNKNOWN                                                                               \
    { 0 }

// Writes "mpyd@APP.service" for PLACE.
void unit_name(const struct place *place, char name[UNIT_NAME_SIZE]);

// Asks for the units of PLACES, all at once. Returns CTL_DONE and units[i] of places[i], also where
// there is no systemd; or CTL_INTERNAL, having said so.
int unit_read(const struct place *places, size_t n_places, struct unit *units);

// The same of one APP, by its name. Returns whether there is a systemd that knows of it.
bool unit_read_app(const char *app, struct unit *ret_unit);

// Whether the unit is to be running: it starts, runs, or has failed.
bool unit_is_up(const struct unit *unit);

// The places of OPERANDS, as place_of_operands() has them, and their units, likewise the caller's.
int unit_of_operands(char **operands, size_t n_operands, struct place **ret_places,
                     struct unit **ret_units, size_t *ret_n_places);

// Whether the app has a process of its own to ask: connecting starts nothing.
bool unit_may_be_asked(const struct place *place, const struct unit *unit);

// SPDX-License-Identifier: MIT
#include "ctl/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/exit.h"
#include "ctl/program.h"

#define PROPERTIES                                                                                 \
    "--property=Id,LoadState,ActiveState,SubState,UnitFileState,Result,ExecMainStatus,NRestarts,"  \
    "Job"

void unit_name(const struct place *place, char name[UNIT_NAME_SIZE]) {
    (void)snprintf(name, UNIT_NAME_SIZE, "mpyd@%s.service", place->name);
}

// -- the answer, "KEY=VALUE" a line, an empty line between units ---------------------------------

static void set_text(char *field, size_t size, const char *value) {
    (void)snprintf(field, size, "%s", value);
}

static void set(struct unit *unit, const char *key, const char *value) {
    if (strcmp(key, "LoadState") == 0) {
        unit->is_known = strcmp(value, "loaded") == 0;
    } else if (strcmp(key, "ActiveState") == 0) {
        set_text(unit->active, sizeof(unit->active), value);
    } else if (strcmp(key, "SubState") == 0) {
        set_text(unit->sub, sizeof(unit->sub), value);
    } else if (strcmp(key, "UnitFileState") == 0) {
        set_text(unit->enabled, sizeof(unit->enabled), value);
    } else if (strcmp(key, "Result") == 0) {
        set_text(unit->result, sizeof(unit->result), value);
    } else if (strcmp(key, "ExecMainStatus") == 0) {
        unit->status = (int)strtoul(value, NULL, 10);
    } else if (strcmp(key, "NRestarts") == 0) {
        unit->n_restarts = (unsigned)strtoul(value, NULL, 10);
    } else if (strcmp(key, "Job") == 0) {
        unit->has_job = strtoul(value, NULL, 10) > 0;
    }
}

// Hands what was said of the unit ID, in FOUND, to the app whose it is.
static void take(const char *id, const struct unit *found, const struct place *places,
                 size_t n_places, struct unit *units) {
    char service[UNIT_NAME_SIZE], socket[UNIT_NAME_SIZE];

    for (size_t i = 0; i < n_places; i++) {
        unit_name(&places[i], service);
        (void)snprintf(socket, sizeof(socket), "mpyd@%s.socket", places[i].name);
        if (strcmp(id, service) == 0) {
            bool is_socket_waiting = units[i].is_socket_waiting;

            units[i] = *found;
            units[i].is_socket_waiting = is_socket_waiting;
        } else if (strcmp(id, socket) == 0) {
            units[i].is_socket_waiting = strcmp(found->active, "active") == 0;
        }
    }
}

static void read_answer(char *text, const struct place *places, size_t n_places,
                        struct unit *units) {
    struct unit found = UNIT_UNKNOWN;
    char id[UNIT_NAME_SIZE] = "";

    for (char *line = text, *next; line; line = next) {
        char *equals = strchr(line, '='), *end = strchr(line, '\n');

        next = end ? end + 1 : NULL;
        if (end) {
            *end = '\0';
        }
        if (*line == '\0') {
            take(id, &found, places, n_places, units);
            found = (struct unit)UNIT_UNKNOWN;
            id[0] = '\0';
        } else if (equals && (!end || equals < end)) {
            *equals = '\0';
            set(&found, line, equals + 1);
            if (strcmp(line, "Id") == 0) {
                set_text(id, sizeof(id), equals + 1);
            }
        }
    }
    take(id, &found, places, n_places, units);
}

// -- the question --------------------------------------------------------------------------------

static int ask(const struct place *places, size_t n_places, char (*names)[UNIT_NAME_SIZE],
               const char **arguments, struct unit *units) {
    CLEANUP(file_done) struct file answer = FILE_INIT;
    size_t n = 0, n_names = 0;

    arguments[n++] = "systemctl";
    arguments[n++] = "show";
    arguments[n++] = PROPERTIES;
    arguments[n++] = "--";
    for (size_t i = 0; i < n_places; i++) {
        if (places[i].name[0]) {
            unit_name(&places[i], names[n_names]);
            arguments[n++] = names[n_names++];
            (void)snprintf(names[n_names], UNIT_NAME_SIZE, "mpyd@%s.socket", places[i].name);
            arguments[n++] = names[n_names++];
        }
    }
    arguments[n] = NULL;
    if (n_names > 0 && program_read(arguments, true, &answer) == 0 && answer.data) {
        read_answer((char *)answer.data, places, n_places, units);
    }
    return CTL_DONE;
}

int unit_read(const struct place *places, size_t n_places, struct unit *units) {
    CLEANUP_FREE const char **arguments = calloc(2 * n_places + 5, sizeof(*arguments));
    CLEANUP_FREE char(*names)[UNIT_NAME_SIZE] = calloc(2 * n_places + 1, sizeof(*names));

    for (size_t i = 0; i < n_places; i++) {
        units[i] = (struct unit)UNIT_UNKNOWN;
    }
    if (!arguments || !names) {
        (void)log_errno(ENOMEM, "cannot ask systemctl");
        return CTL_INTERNAL;
    }
    return ask(places, n_places, names, arguments, units);
}

bool unit_may_be_asked(const struct place *place, const struct unit *unit) {
    if (!place->is_unit || !unit->is_socket_waiting) {
        return true;
    }
    return strcmp(unit->active, "inactive") != 0 && strcmp(unit->active, "failed") != 0 &&
           strcmp(unit->sub, "auto-restart") != 0;
}

bool unit_read_app(const char *app, struct unit *ret_unit) {
    struct place place;

    *ret_unit = (struct unit)UNIT_UNKNOWN;
    return place_find(app, &place) == CTL_DONE && unit_read(&place, 1, ret_unit) == CTL_DONE &&
           ret_unit->is_known;
}

bool unit_is_up(const struct unit *unit) {
    return unit->is_known && strcmp(unit->active, "inactive") != 0;
}

int unit_of_operands(char **operands, size_t n_operands, struct place **ret_places,
                     struct unit **ret_units, size_t *ret_n_places) {
    CLEANUP_FREE struct place *places = NULL;
    CLEANUP_FREE struct unit *units = NULL;
    size_t n = 0;
    int r = place_of_operands(operands, n_operands, &places, &n);

    if (r != CTL_DONE) {
        return r;
    }
    units = calloc(n + 1, sizeof(*units));
    if (!units) {
        (void)log_errno(ENOMEM, "cannot ask systemctl");
        return CTL_INTERNAL;
    }
    r = unit_read(places, n, units);
    if (r == CTL_DONE) {
        *ret_places = steal_ptr(&places);
        *ret_units = steal_ptr(&units);
        *ret_n_places = n;
    }
    return r;
}

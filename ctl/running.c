// SPDX-License-Identifier: MIT
#include "ctl/running.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/verb.h"

static int refuse(const struct place *place) {
    log_error("%s: is not running%s", place->name,
              place_has_image(place) ? "" : ", and no image of this name is installed");
    return CTL_NOT_RUNNING;
}

int running_open_place(const struct place *place, const struct unit *unit,
                       struct client **ret_client) {
    if (!unit_may_be_asked(place, unit)) {
        return refuse(place);
    }
    return client_open(place, false, ret_client);
}

int running_open(const char *operand, struct client **ret_client) {
    struct place place;
    struct unit unit;
    int r = place_find(operand, &place);

    if (r == CTL_DONE) {
        r = unit_read(&place, 1, &unit);
    }
    return r == CTL_DONE ? running_open_place(&place, &unit, ret_client) : r;
}

// Leaves those of PLACES that may be asked; one that was named stays, to be told of.
static size_t keep_running(struct place *places, size_t n_places, const struct unit *units) {
    size_t n = 0;

    for (size_t i = 0; i < n_places; i++) {
        if (access(places[i].control, F_OK) == 0 && unit_may_be_asked(&places[i], &units[i])) {
            places[n++] = places[i];
        }
    }
    return n;
}

int running_list(char **operands, size_t n_operands, struct place **ret_places,
                 size_t *ret_n_places) {
    CLEANUP_FREE struct place *places = NULL;
    CLEANUP_FREE struct unit *units = NULL;
    size_t n = 0;
    int r = unit_of_operands(operands, n_operands, &places, &units, &n);

    if (r == CTL_DONE && n_operands == 0) {
        n = keep_running(places, n, units);
    }
    for (size_t i = 0; r == CTL_DONE && i < n && n_operands > 0; i++) {
        if (!unit_may_be_asked(&places[i], &units[i])) {
            r = refuse(&places[i]);
        }
    }
    if (r == CTL_DONE) {
        *ret_places = steal_ptr(&places);
        *ret_n_places = n;
    }
    return r;
}

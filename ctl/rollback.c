// SPDX-License-Identifier: MIT

// mpyctl rollback: leaves the wish to go back for the unit that does it.

#include <errno.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/log.h"
#include "ctl/place.h"
#include "ctl/print.h"
#include "ctl/updating.h"
#include "ctl/verbs.h"
#include "image/places.h"

const struct verb_option rollback_options[] = {{0}};

int rollback_run(const struct verb_arguments *arguments) {
    CLEANUP(updating_done) struct updating updating = UPDATING_INIT;
    struct slots slots = SLOTS_INIT;
    struct place place;
    int r = place_find(arguments->operands[0], &place);

    if (r == CTL_DONE && !place.name[0]) {
        log_error("%s: is no name of an app", arguments->operands[0]);
        return CTL_USAGE;
    }
    if (r == CTL_DONE && !updating_has_systemd()) {
        return updating_become("rollback", place.name, NULL);
    }
    if (r == CTL_DONE) {
        r = updating_open(place.name, &updating);
    }
    if (r == CTL_DONE && durable_write(updating.incoming, PLACES_ROLL_BACK, "", 0, 0640) < 0) {
        (void)log_errno(errno, "%s: cannot ask for it in " PLACES_INCOMING, place.name);
        return CTL_INTERNAL;
    }
    if (r == CTL_DONE) {
        r = updating_apply(&updating, &slots);
    }
    if (r == CTL_DONE) {
        print_line("%s: %s", place.name, slots.event);
    }
    return r;
}

// SPDX-License-Identifier: MIT
#include "update/service.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "ctl/exit.h"
#include "ctl/place.h"
#include "ctl/program.h"
#include "ctl/unit.h"

bool service_is_up(const char *app) {
    struct unit unit = UNIT_UNKNOWN;
    struct place place;

    return place_find(app, &place) == CTL_DONE && unit_read(&place, 1, &unit) == CTL_DONE &&
           unit.is_known && strcmp(unit.active, "inactive") != 0;
}

int service_restart(const char *app) {
    char name[UNIT_NAME_SIZE];
    const char *forget[] = {"systemctl", "reset-failed", "--quiet", "--", name, NULL};
    const char *restart[] = {"systemctl", "restart", "--no-block", "--", name, NULL};
    struct place place;

    if (place_find(app, &place) != CTL_DONE) {
        return -EIO;
    }
    unit_name(&place, name);
    if (program_run(forget) != 0 || program_run(restart) != 0) {
        log_error("cannot restart %s", name);
        return -EIO;
    }
    return 0;
}

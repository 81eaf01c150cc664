// SPDX-License-Identifier: MIT
#include "update/service.h"

#include <errno.h>

#include "base/log.h"
#include "ctl/exit.h"
#include "ctl/place.h"
#include "ctl/program.h"
#include "ctl/unit.h"

bool service_is_up(const char *app) {
    struct unit unit;

    return unit_read_app(app, &unit) && unit_is_up(&unit);
}

bool service_ends_itself(const char *app) {
    struct unit unit;

    return unit_read_app(app, &unit) && !unit.has_job;
}

// Runs systemctl VERB OPTION for the unit of APP.
static int control(const char *app, const char *verb, const char *option) {
    char name[UNIT_NAME_SIZE];
    const char *command[] = {"systemctl", verb, option, "--", name, NULL};
    struct place place;

    if (place_find(app, &place) != CTL_DONE) {
        return -EIO;
    }
    unit_name(&place, name);
    if (program_run(command) != 0) {
        log_error("cannot %s %s", verb, name);
        return -EIO;
    }
    return 0;
}

int service_forget(const char *app) {
    return control(app, "reset-failed", "--quiet");
}

int service_restart(const char *app) {
    int r = service_forget(app);

    return r < 0 ? r : control(app, "restart", "--no-block");
}

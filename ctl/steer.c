// SPDX-License-Identifier: MIT

// mpyctl start, stop, restart and reload: what is asked of an app is asked over its control
// socket; what is a unit's is left to systemctl(1), which asks who may.

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/client.h"
#include "ctl/print.h"
#include "ctl/program.h"
#include "ctl/reply.h"
#include "ctl/running.h"
#include "ctl/unit.h"
#include "ctl/verbs.h"
#include "ctl/view.h"

#define RESTART_SECONDS 120 /* two deadlines of stopping, and the start of an app */

#define PROGRAM_MISSING 127

enum { OPTION_FULL };

const struct verb_option start_options[] = {{0}};
const struct verb_option stop_options[] = {{0}};
const struct verb_option reload_options[] = {{0}};

const struct verb_option restart_options[] = {
    [OPTION_FULL] = {"full", NULL, "the unit with its supervisor, not the worker alone"},
    {0},
};

// -- units ---------------------------------------------------------------------------------------

// Runs "systemctl OPTION WHAT" for the units of the N_PLACES at PLACES. Returns its exit status or
// -errno; is_quiet: whatever it says is dropped.
static int run_systemctl(const char *option, const char *what, const struct place *places,
                         size_t n_places, bool is_quiet) {
    CLEANUP_FREE const char **words = calloc(n_places + 5, sizeof(*words));
    CLEANUP_FREE char(*names)[UNIT_NAME_SIZE] = calloc(n_places + 1, sizeof(*names));
    CLEANUP(file_done) struct file output = FILE_INIT;
    size_t n = 0;

    if (!words || !names) {
        return -ENOMEM;
    }
    words[n++] = "systemctl";
    words[n++] = option;
    words[n++] = what;
    words[n++] = "--";
    for (size_t i = 0; i < n_places; i++) {
        unit_name(&places[i], names[i]);
        words[n++] = names[i];
    }
    return is_quiet ? program_read(words, true, &output) : program_run(words);
}

// Says of each of PLACES that is not up why it is not, and what can be done.
static int tell_reasons(const struct place *places, size_t n_places) {
    struct view *views = NULL;
    size_t n_told = 0;

    if (view_read(places, n_places, &views) != CTL_DONE) {
        return CTL_INTERNAL;
    }
    for (size_t i = 0; i < n_places; i++) {
        if (view_exit(&views[i]) != CTL_DONE && views[i].reason) {
            log_error("%s: %s%s%s", view_name(&views[i]), views[i].reason,
                      views[i].remedy ? "; " : "", views[i].remedy ? views[i].remedy : "");
            n_told++;
        }
    }
    view_free(views, n_places);
    if (n_told == 0) {
        log_error("systemctl failed, and no app has a reason; systemctl status tells more");
    }
    return CTL_FAILED;
}

// "systemctl WHAT", which says itself whom it has asked for a password and been refused by.
static int systemctl(const char *what, const struct place *places, size_t n_places) {
    int r = program_finish_output();

    if (r != CTL_DONE) {
        return r;
    }
    if (strcmp(what, "stop") != 0) {
        // Those of an administrator do not count among the starts that systemd limits.
        (void)run_systemctl("--no-ask-password", "reset-failed", places, n_places, true);
    }
    r = run_systemctl("--quiet", what, places, n_places, false);
    if (r < 0 || r == PROGRAM_MISSING) {
        (void)log_errno(r < 0 ? r : ENOENT, "cannot run systemctl");
        return CTL_INTERNAL;
    }
    if (r == PROGRAM_SYSTEMCTL_DENIED) {
        return CTL_DENIED;
    }
    return r == 0 ? CTL_DONE : tell_reasons(places, n_places);
}

// Whether systemd has the app PLACE in hand, so that its unit is to be asked.
static bool is_run_by_unit(const struct place *place, const struct unit *unit) {
    return place->is_unit && unit_is_up(unit);
}

static int check_units(const struct place *places, const struct unit *units, size_t n_places,
                       const char *what) {
    for (size_t i = 0; i < n_places; i++) {
        if (!places[i].name[0] || !units[i].is_known) {
            log_error("%s: has no unit that systemd could %s; mpyd run IMAGE runs an app without",
                      places[i].name[0] ? places[i].name : places[i].control, what);
            return CTL_FAILED;
        }
    }
    return CTL_DONE;
}

// For verbs that have one operand at least: there are as many units as operands.
static int read_operands(const struct verb_arguments *arguments, struct place **ret_places,
                         struct unit **ret_units) {
    size_t n;

    return unit_of_operands(arguments->operands, arguments->n_operands, ret_places, ret_units, &n);
}

// "systemctl WHAT" for all operands, each of which has to have a unit.
static int steer_units(const struct verb_arguments *arguments, const char *what) {
    CLEANUP_FREE struct place *places = NULL;
    CLEANUP_FREE struct unit *units = NULL;
    int r = read_operands(arguments, &places, &units);

    if (r == CTL_DONE) {
        r = check_units(places, units, arguments->n_operands, what);
    }
    return r == CTL_DONE ? systemctl(what, places, arguments->n_operands) : r;
}

int start_run(const struct verb_arguments *arguments) {
    return steer_units(arguments, "start");
}

// -- apps ----------------------------------------------------------------------------------------

static int stop_by_call(const struct place *place) {
    CLEANUP(client_free) struct client *client = NULL;
    struct json_object *reply = NULL;
    int r = client_open(place, false, &client);

    if (r == CTL_DONE) {
        r = client_call(client, "Stop", NULL, &reply);
    }
    if (r == CTL_DONE) {
        client_set_timeout(client, (unsigned)(reply_number(reply, "deadline_usec") / 1000000) +
                                       CLIENT_SECONDS);
        (void)json_object_put(reply);
        r = client_wait_end(client);
    }
    return r;
}

int stop_run(const struct verb_arguments *arguments) {
    CLEANUP_FREE struct place *places = NULL;
    CLEANUP_FREE struct unit *units = NULL;
    size_t n_units = 0;
    int r = read_operands(arguments, &places, &units), failed = CTL_DONE;

    if (r != CTL_DONE) {
        return r;
    }
    for (size_t i = 0; i < arguments->n_operands; i++) {
        if (is_run_by_unit(&places[i], &units[i])) {
            places[n_units++] = places[i];
        } else if (!unit_may_be_asked(&places[i], &units[i])) {
            continue; // it is not running, and connecting would start it
        } else {
            r = stop_by_call(&places[i]);
            failed = failed == CTL_DONE ? r : failed;
        }
    }
    if (n_units == 0 || failed != CTL_DONE) {
        return failed;
    }
    return systemctl("stop", places, n_units);
}

static int restart_worker(const struct place *place, const struct unit *unit) {
    CLEANUP(client_free) struct client *client = NULL;
    struct json_object *reply = NULL;
    int r = running_open_place(place, unit, &client);

    if (r == CTL_DONE) {
        client_set_timeout(client, RESTART_SECONDS);
        r = client_call(client, "Restart", NULL, &reply);
    }
    (void)json_object_put(reply);
    return r;
}

static void print_keys(const char *app, struct json_object *reply, const char *list,
                       const char *when) {
    const char *key;

    for (size_t i = 0; (key = reply_member_text(reply, list, i)); i++) {
        print_line("%s: %s %s", app, key, when);
    }
}

static int reload_one(const struct place *place, const struct unit *unit) {
    CLEANUP(client_free) struct client *client = NULL;
    struct json_object *reply = NULL;
    int r = running_open_place(place, unit, &client);

    if (r == CTL_DONE) {
        r = client_call(client, "Reload", NULL, &reply);
    }
    if (r == CTL_DONE) {
        print_keys(client_name(client), reply, "applied", "applies now");
        print_keys(client_name(client), reply, "later", "applies with the next start");
    }
    (void)json_object_put(reply);
    return r;
}

// All operands, also after one at which it failed. Returns the first failure.
static int for_each(const struct verb_arguments *arguments,
                    int (*one)(const struct place *place, const struct unit *unit)) {
    CLEANUP_FREE struct place *places = NULL;
    CLEANUP_FREE struct unit *units = NULL;
    int r = read_operands(arguments, &places, &units), failed = CTL_DONE;

    for (size_t i = 0; r == CTL_DONE && i < arguments->n_operands; i++) {
        int of_one = one(&places[i], &units[i]);

        failed = failed == CTL_DONE ? of_one : failed;
    }
    return r == CTL_DONE ? failed : r;
}

int restart_run(const struct verb_arguments *arguments) {
    return arguments->values[OPTION_FULL] ? steer_units(arguments, "restart")
                                          : for_each(arguments, restart_worker);
}

int reload_run(const struct verb_arguments *arguments) {
    return for_each(arguments, reload_one);
}

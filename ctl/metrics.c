// SPDX-License-Identifier: MIT

// mpyctl metrics: what there is to measure in apps, for Prometheus.

#include "ctl/metrics.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/client.h"
#include "ctl/metrics-host.h"
#include "ctl/reply.h"
#include "ctl/running.h"
#include "ctl/unit.h"
#include "ctl/verbs.h"

enum { OPTION_FORMAT };

const struct verb_option metrics_options[] = {
    [OPTION_FORMAT] = {"format", "openmetrics|prometheus",
                       "the text format; openmetrics if not said"},
    {0},
};

// The label of an app that was named by its socket: what it calls itself.
static const char *name_of(const struct place *place, struct json_object *status) {
    return place->name[0] ? place->name : reply_text_or(status, "app", "unknown");
}

static int ask(const struct place *place, const struct unit *unit, struct json_object **ret_reply,
               struct json_object **ret_status) {
    CLEANUP(client_free) struct client *client = NULL;
    int r = running_open_place(place, unit, &client);

    if (r == CTL_DONE && !place->name[0]) {
        r = client_call(client, "Status", NULL, ret_status);
    }
    return r == CTL_DONE ? client_call(client, "Metrics", NULL, ret_reply) : r;
}

static bool is_running(const struct place *place, const struct unit *unit) {
    return access(place->control, F_OK) == 0 && unit_may_be_asked(place, unit);
}

// Those that answer are printed also where one does not, which is what is returned. That one which
// nobody named does not run is no failure: it is a metric.
static int print_all(const struct place *places, const struct unit *units, size_t n_places,
                     bool is_named, bool is_openmetrics) {
    CLEANUP_FREE struct metrics_source *sources = calloc(n_places + 1, sizeof(*sources));
    CLEANUP_FREE struct json_object **statuses = calloc(n_places + 1, sizeof(struct json_object *));
    int r = CTL_DONE, failed = CTL_DONE;

    if (!sources || !statuses) {
        (void)log_errno(ENOMEM, "cannot ask the apps");
        return CTL_INTERNAL;
    }
    for (size_t i = 0; i < n_places; i++) {
        r = is_named || is_running(&places[i], &units[i])
                ? ask(&places[i], &units[i], &sources[i].reply, &statuses[i])
                : CTL_DONE;
        sources[i].app = name_of(&places[i], statuses[i]);
        sources[i].reply = metrics_host_add(sources[i].reply, &places[i], &units[i]);
        failed = failed == CTL_DONE ? r : failed;
    }
    r = metrics_print(sources, n_places, is_openmetrics);
    for (size_t i = 0; i < n_places; i++) {
        (void)json_object_put(sources[i].reply);
        (void)json_object_put(statuses[i]);
    }
    return r == CTL_DONE ? failed : r;
}

int metrics_run(const struct verb_arguments *arguments) {
    const char *format = arguments->values[OPTION_FORMAT];
    CLEANUP_FREE struct place *places = NULL;
    CLEANUP_FREE struct unit *units = NULL;
    size_t n = 0;
    int r;

    if (format && strcmp(format, "openmetrics") != 0 && strcmp(format, "prometheus") != 0) {
        log_error("metrics: --format %s: is neither openmetrics nor prometheus", format);
        return CTL_USAGE;
    }
    r = unit_of_operands(arguments->operands, arguments->n_operands, &places, &units, &n);
    return r == CTL_DONE ? print_all(places, units, n, arguments->n_operands > 0,
                                     !format || strcmp(format, "openmetrics") == 0)
                         : r;
}

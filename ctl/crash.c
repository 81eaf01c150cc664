// SPDX-License-Identifier: MIT

// mpyctl crash: how apps ended, and what is known of it.

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/crash-text.h"
#include "ctl/denied.h"
#include "ctl/json.h"
#include "ctl/page.h"
#include "ctl/print.h"
#include "ctl/reports.h"
#include "ctl/verbs.h"

enum { OPTION_LAST, OPTION_STATE, OPTION_JSON };

const struct verb_option crash_options[] = {
    [OPTION_LAST] = {"last", "N", "the last N reports of each, not only the last", 'n'},
    [OPTION_STATE] = {"state", "DIR", "those in the state directory DIR (of mpyd run --state)"},
    [OPTION_JSON] = {"json", NULL, "for programs: an array of JSON objects"},
    {0},
};

// Moves what FOUND has to the end of *ALL, and finds what else is to be known.
static void take(struct json_object *all, struct json_object *found) {
    for (size_t i = 0; i < json_object_array_length(found); i++) {
        struct json_object *report = json_object_get(json_object_array_get_idx(found, i));

        denied_add(report);
        json_append(all, report);
    }
    (void)json_object_put(found);
}

// An app without reports is none to be told of, unless it was named.
static int read_places(const struct verb_arguments *arguments, size_t last,
                       struct json_object *all) {
    CLEANUP_FREE struct place *places = NULL;
    size_t n = 0;
    int r = place_of_operands(arguments->operands, arguments->n_operands, &places, &n);
    int worst = r;

    for (size_t i = 0; r == CTL_DONE && i < n; i++) {
        struct json_object *found = NULL;
        int one = reports_of_place(&places[i], arguments->n_operands > 0, last, &found);

        if (one == CTL_DONE) {
            take(all, found);
        } else if (arguments->n_operands > 0 || one == CTL_DENIED) {
            worst = one;
        }
    }
    return worst;
}

static int read_all(const struct verb_arguments *arguments, size_t last, struct json_object *all) {
    const char *state = arguments->values[OPTION_STATE];
    struct json_object *found = NULL;
    int r;

    if (!state) {
        return read_places(arguments, last, all);
    }
    r = reports_of_state(state, last, &found);
    if (r == CTL_DONE) {
        take(all, found);
    }
    return r;
}

static void print_reports(struct json_object *all) {
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        (void)fputs(i > 0 ? "\n" : "", stdout);
        crash_text_write(stdout, json_object_array_get_idx(all, i), true);
    }
}

static int read_last(const struct verb_arguments *arguments, size_t *ret_last) {
    const char *text = arguments->values[OPTION_LAST];
    uint64_t last = 1;

    if (text && parse_u64(text, 1, REPORTS_MAX, &last) < 0) {
        log_error("crash: --last takes a number from 1 to %u, not %s", REPORTS_MAX, text);
        return CTL_USAGE;
    }
    if (arguments->values[OPTION_STATE] && arguments->n_operands > 0) {
        log_error("crash: --state names the reports, and APP none beside them");
        return CTL_USAGE;
    }
    *ret_last = (size_t)last;
    return CTL_DONE;
}

int crash_run(const struct verb_arguments *arguments) {
    struct json_object *all = NULL;
    size_t last = 1;
    int r = read_last(arguments, &last);

    if (r != CTL_DONE) {
        return r;
    }
    all = json_new_array();
    r = read_all(arguments, last, all);
    if (json_object_array_length(all) == 0 && r == CTL_DONE) {
        log_info("no crash was reported");
    }
    page_begin(arguments);
    if (arguments->values[OPTION_JSON]) {
        print_json(json_object_get(all));
    } else {
        print_reports(all);
    }
    (void)json_object_put(all);
    return r;
}

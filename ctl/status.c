// SPDX-License-Identifier: MIT

// mpyctl status and list: how apps are, a line each, at length, or as JSON.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/page.h"
#include "ctl/reply.h"
#include "ctl/span.h"
#include "ctl/status.h"
#include "ctl/table.h"
#include "ctl/verbs.h"
#include "ctl/view.h"

enum { OPTION_JSON, OPTION_PROBE, OPTION_ALIVE };

const struct verb_option status_options[] = {
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    [OPTION_PROBE] = {"probe", NULL, "say nothing: 0 if all run and are well"},
    [OPTION_ALIVE] = {"alive", NULL, "say nothing: 0 if the supervisors of all answer"},
    {0},
};

enum { OPTION_NAMES = 1 };

const struct verb_option list_options[] = {
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    [OPTION_NAMES] = {"names", NULL, "the names alone, without asking anybody"},
    {0},
};

// -- tables --------------------------------------------------------------------------------------

static void add_status(struct table *table, const struct view *view) {
    struct json_object *status = view->status, *heap = reply_object(status, "heap");
    struct json_object *restarts = reply_object(status, "restarts");
    char text[SPAN_SIZE];

    table_cell(table, COLOUR_NONE, view_name(view));
    table_cell(table, colour_of_state(view->state), view->state);
    table_cell(table, COLOUR_NONE,
               status ? span_time(reply_number(status, "uptime_usec"), text) : "-");
    table_cell(table, COLOUR_NONE, reply_text_or(status, "version", "-"));
    table_cell(table, COLOUR_NONE, heap ? span_bytes(reply_number(heap, "used"), text) : "-");
    if (status) {
        table_cell_format(table, COLOUR_NONE, "%llu",
                          (unsigned long long)reply_number(restarts, "total"));
    } else {
        table_cell(table, COLOUR_NONE, "-");
    }
    table_cell(table, COLOUR_NONE, view->reason ? view->reason : "");
}

static void print_statuses(const struct view *views, size_t n_views) {
    static const char *const headings[] = {"APP",   "STATE",     ">UPTIME", "VERSION",
                                           ">HEAP", ">RESTARTS", "REASON"};
    CLEANUP(table_free)
    struct table *table = table_new(headings, sizeof(headings) / sizeof(headings[0]));

    for (size_t i = 0; i < n_views; i++) {
        add_status(table, &views[i]);
    }
    table_print(table);
}

static const char *enabled_of(const struct view *view) {
    return view->unit.enabled[0] ? view->unit.enabled : "-";
}

// "a", "a, b on trial", "vendor", "-".
static void cell_slot(struct table *table, const struct view *view) {
    const struct slots *slots = &view->slots;

    if (view->slots_why) {
        table_cell(table, COLOUR_BAD, "damaged");
    } else if (slots->trial != SLOTS_NONE) {
        table_cell_format(table, COLOUR_WARNING, "%s%s%s on trial",
                          slots->good == SLOTS_NONE ? "" : slots_name(slots->good),
                          slots->good == SLOTS_NONE ? "" : ", ", slots_name(slots->trial));
    } else {
        table_cell(table, COLOUR_NONE, slots->good == SLOTS_NONE ? "-" : slots_name(slots->good));
    }
}

// Of the image that would be started where the app does not run; of one that came with a package
// none is known.
static const struct slot *slot_of(const struct view *view) {
    static const struct slot none;
    enum slots_place place = view->slots.trial == SLOTS_NONE ? view->slots.good : view->slots.trial;

    return place == SLOTS_NONE || view->slots_why ? &none : &view->slots.slot[place];
}

static const char *text_or(const char *text, const char *otherwise) {
    return text[0] ? text : otherwise;
}

// For people; programs see that nothing was printed.
static void tell_none(void) {
    log_info("no app runs, is installed or is enabled here; mpyctl install IMAGE brings one");
}

static void print_list(const struct view *views, size_t n_views) {
    static const char *const headings[] = {"APP", "UNIT", "STATE", "VERSION", "SLOT", "IMAGE"};
    CLEANUP(table_free)
    struct table *table = table_new(headings, sizeof(headings) / sizeof(headings[0]));

    for (size_t i = 0; i < n_views; i++) {
        const struct slot *slot = slot_of(&views[i]);

        table_cell(table, COLOUR_NONE, view_name(&views[i]));
        table_cell(table, COLOUR_NONE, enabled_of(&views[i]));
        table_cell(table, colour_of_state(views[i].state), views[i].state);
        table_cell(table, COLOUR_NONE,
                   reply_text_or(views[i].status, "version", text_or(slot->version, "-")));
        cell_slot(table, &views[i]);
        table_cell_format(table, COLOUR_NONE, "%.16s",
                          reply_text_or(views[i].status, "image", text_or(slot->image, "-")));
    }
    table_print(table);
}

// -- verbs ---------------------------------------------------------------------------------------

static int print_names(const struct place *places, size_t n_places) {
    for (size_t i = 0; i < n_places; i++) {
        (void)puts(places[i].name);
    }
    return CTL_DONE;
}

int list_run(const struct verb_arguments *arguments) {
    CLEANUP_FREE struct place *places = NULL;
    struct view *views = NULL;
    size_t n = 0;
    int r = place_list(&places, &n);

    if (r == CTL_DONE && arguments->values[OPTION_NAMES]) {
        return print_names(places, n);
    }
    if (r == CTL_DONE) {
        r = view_read(places, n, &views);
    }
    if (r != CTL_DONE) {
        return r;
    }
    page_begin(arguments);
    if (arguments->values[OPTION_JSON]) {
        status_print_json(views, n);
    } else if (n > 0) {
        print_list(views, n);
    } else {
        tell_none();
    }
    view_free(views, n);
    return CTL_DONE;
}

// The worst of all, where they differ: somebody has to look at one.
static int join(int a, int b) {
    if (a == CTL_DONE || b == CTL_DONE) {
        return a == CTL_DONE ? b : a;
    }
    return a == b ? a : CTL_FAILED;
}

static int probe(const struct view *views, size_t n_views, bool is_alive_enough) {
    for (size_t i = 0; i < n_views; i++) {
        if (is_alive_enough ? !views[i].status : !view_is_well(&views[i])) {
            return CTL_FAILED;
        }
    }
    return n_views > 0 ? CTL_DONE : CTL_FAILED;
}

static int show(const struct verb_arguments *arguments, const struct view *views, size_t n_views) {
    int r = CTL_DONE;

    page_begin(arguments);
    if (arguments->values[OPTION_JSON]) {
        status_print_json(views, n_views);
    } else if (arguments->n_operands > 0) {
        for (size_t i = 0; i < n_views; i++) {
            (void)fputs(i > 0 ? "\n" : "", stdout);
            status_print(&views[i]);
        }
    } else if (n_views > 0) {
        print_statuses(views, n_views);
    } else {
        tell_none();
    }
    for (size_t i = 0; arguments->n_operands > 0 && i < n_views; i++) {
        r = join(r, view_exit(&views[i]));
    }
    return r;
}

int status_run(const struct verb_arguments *arguments) {
    bool is_alive_enough = arguments->values[OPTION_ALIVE];
    CLEANUP_FREE struct place *places = NULL;
    struct view *views = NULL;
    size_t n = 0;
    int r = place_of_operands(arguments->operands, arguments->n_operands, &places, &n);

    if (r == CTL_DONE) {
        r = view_read(places, n, &views);
    }
    if (r != CTL_DONE) {
        return r;
    }
    if (arguments->values[OPTION_PROBE] || is_alive_enough) {
        r = probe(views, n, is_alive_enough);
    } else {
        r = show(arguments, views, n);
    }
    view_free(views, n);
    return r;
}

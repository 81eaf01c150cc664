// SPDX-License-Identifier: MIT

// mpyctl status APP, for people: a line a fact, what it is in front.

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/colour.h"
#include "ctl/print.h"
#include "ctl/reply.h"
#include "ctl/span.h"
#include "ctl/status.h"
#include "ctl/view.h"

static void fact(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void fact(const char *what, const char *format, ...) {
    va_list arguments;

    printf("%14s%s ", what, what[0] ? ":" : " ");
    va_start(arguments, format);
    print_list(stdout, format, arguments);
    va_end(arguments);
}

// "(3s ago)", or nothing.
static void state(const struct view *view) {
    char age[SPAN_SIZE], since[SPAN_SIZE + 8] = "";

    if (view->status) {
        (void)snprintf(since, sizeof(since), " for %s",
                       span_time(reply_number(view->status, "state_age_usec"), age));
    }
    printf("%14s: %s%s%s%s\n", "State", colour_start(colour_of_state(view->state)), view->state,
           colour_end(), since);
    if (view->reason) {
        fact("Reason", "%s", view->reason);
    }
    if (view->remedy) {
        fact("Remedy", "%s", view->remedy);
    }
}

static void unit(const struct unit *unit) {
    if (unit->is_known) {
        fact("Unit", "%s (%s), %s, %u restarts by systemd", unit->active, unit->sub,
             unit->enabled[0] ? unit->enabled : "not enabled", unit->n_restarts);
    }
}

static void slot(const struct slots *slots, enum slots_place place, const char *what) {
    if (place != SLOTS_NONE) {
        fact(what, "version %s in %s", slots->slot[place].version, slots_name(place));
    }
}

// Which image the next start takes, and what became of the last update.
static void updates(const struct view *view) {
    const struct slots *slots = &view->slots;

    slot(slots, slots->good, "Good image");
    slot(slots, slots->trial, "On trial");
    if (slots->event[0]) {
        fact("Last update", "%s", slots->event);
    }
    if (view->slots_why) {
        fact("Slots", "%s", view->slots_why);
    }
}

static void worker(struct json_object *status) {
    struct json_object *of = reply_object(status, "worker"), *heap = reply_object(status, "heap");
    char uptime[SPAN_SIZE], age[SPAN_SIZE], used[SPAN_SIZE], size[SPAN_SIZE];

    if (of) {
        fact("Worker", "number %" PRIu64 ", up %s, %s", reply_number(of, "generation"),
             span_time(reply_number(of, "uptime_usec"), uptime),
             reply_bool(of, "ready") ? "ready" : "not ready yet");
    }
    if (reply_has(of, "heartbeat_age_usec")) {
        fact("Heartbeat", "%s ago", span_time(reply_number(of, "heartbeat_age_usec"), age));
    }
    if (heap) {
        fact("Heap", "%s of %s used, %s ago", span_bytes(reply_number(heap, "used"), used),
             span_bytes(reply_number(heap, "size"), size),
             span_time(reply_number(heap, "age_usec"), age));
    }
}

static void restarts(struct json_object *status) {
    struct json_object *of = reply_object(status, "restarts");
    struct json_object *end = reply_object(status, "last_end");
    char window[SPAN_SIZE], next[SPAN_SIZE], age[SPAN_SIZE];

    fact("Restarts", "%" PRIu64 ", %" PRIu64 " by hand; %" PRIu64 " of %" PRIu64 " within %s",
         reply_number(of, "total"), reply_number(of, "manual"), reply_number(of, "recent"),
         reply_number(of, "burst"), span_time(reply_number(of, "window_usec"), window));
    if (reply_has(of, "next_usec")) {
        fact("", "next in %s", span_time(reply_number(of, "next_usec"), next));
    }
    if (end) {
        fact("Last end", "%s: %s, %s ago", reply_text_or(end, "kind", "?"),
             reply_text_or(end, "text", "?"), span_time(reply_number(end, "age_usec"), age));
    }
}

// "12 of 1024", "at most 100", "3, no limit", in the limit's unit.
static void describe(struct json_object *limit, char text[SPAN_SIZE * 3]) {
    const char *unit = reply_text_or(limit, "unit", "");
    uint64_t most = reply_number(limit, "limit"), used = reply_number(limit, "used");

    if (reply_has(limit, "used") && reply_has(limit, "limit")) {
        (void)snprintf(text, SPAN_SIZE * 3, "%" PRIu64 " of %" PRIu64 " %.32s", used, most, unit);
    } else if (reply_has(limit, "used")) {
        (void)snprintf(text, SPAN_SIZE * 3, "%" PRIu64 " %.32s, no limit", used, unit);
    } else if (reply_has(limit, "limit")) {
        (void)snprintf(text, SPAN_SIZE * 3, "at most %" PRIu64 " %.32s", most, unit);
    } else {
        (void)snprintf(text, SPAN_SIZE * 3, "no limit");
    }
}

static void limits(struct json_object *status) {
    struct json_object *limit;
    char text[SPAN_SIZE * 3];

    for (size_t i = 0; (limit = reply_member(status, "limits", i)); i++) {
        const char *name = reply_text_or(limit, "name", "?"), *what = i == 0 ? "Limits" : "";
        uint64_t hits = reply_number(limit, "hits");

        describe(limit, text);
        if (hits > 0) {
            fact(what, "%-12s %s, held to it %" PRIu64 " times", name, text, hits);
        } else {
            fact(what, "%-12s %s", name, text);
        }
    }
}

// All that hold in one line; each that does not in its own.
static void layers(struct json_object *status) {
    struct json_object *layer;
    size_t n_on = 0, n = 0;

    for (; (layer = reply_member(status, "layers", n)); n++) {
        n_on += strcmp(reply_text_or(layer, "state", ""), "on") == 0;
    }
    if (n > 0) {
        fact("Sandbox", "%zu of %zu layers hold", n_on, n);
    }
    for (size_t i = 0; (layer = reply_member(status, "layers", i)); i++) {
        const char *on = reply_text_or(layer, "state", "?");

        if (strcmp(on, "on") != 0) {
            fact("", "%s of the %s is %s: %s", reply_text_or(layer, "name", "?"),
                 reply_text_or(layer, "process", "?"), on, reply_text_or(layer, "detail", "?"));
        }
    }
}

static void texts(struct json_object *status, const char *key, const char *what) {
    const char *text;

    for (size_t i = 0; (text = reply_member_text(status, key, i)); i++) {
        fact(i == 0 ? what : "", "%s", text);
    }
}

static void image(struct json_object *status) {
    const char *signer = reply_text(status, "signer");

    fact("Image", "version %s, %s", reply_text_or(status, "version", "?"),
         reply_text_or(status, "image", "?"));
    fact("Signed by", "%s", signer ? signer : "nobody");
}

static void build(struct json_object *status) {
    struct json_object *of = reply_object(status, "mpyd");

    if (of) {
        fact("mpyd", "version %s (%s), image ABI %" PRIu64, reply_text_or(of, "version", "?"),
             reply_text_or(of, "build", "?"), reply_number(of, "image_abi"));
    }
}

void status_print(const struct view *view) {
    struct json_object *status = view->status;
    char uptime[SPAN_SIZE];

    printf("%s%s%s\n", colour_start(COLOUR_BOLD), view_name(view), colour_end());
    state(view);
    unit(&view->unit);
    updates(view);
    if (!status) {
        return;
    }
    image(status);
    build(status);
    fact("Processes", "supervisor %" PRIu64 ", spawner %" PRIu64 ", up %s",
         reply_number(status, "supervisor_pid"), reply_number(status, "spawner_pid"),
         span_time(reply_number(status, "uptime_usec"), uptime));
    worker(status);
    restarts(status);
    fact("Calls", "%" PRIu64 ", %" PRIu64 " refused; %" PRIu64 " log messages dropped",
         reply_number(status, "calls"), reply_number(status, "refusals"),
         reply_number(status, "log_dropped"));
    limits(status);
    layers(status);
    texts(status, "configuration", "Configuration");
}

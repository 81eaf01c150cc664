// SPDX-License-Identifier: MIT

// mpyctl top: what apps do, again and again.

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/client.h"
#include "ctl/interrupt.h"
#include "ctl/program.h"
#include "ctl/rates.h"
#include "ctl/reply.h"
#include "ctl/running.h"
#include "ctl/span.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

#define CLEAR "\033[H\033[2J"
#define HOUR_USEC (3600ull * 1000000)

enum { OPTION_COUNT, OPTION_INTERVAL };

const struct verb_option top_options[] = {
    [OPTION_COUNT] = {"count", "N", "end after so many tables", 'n'},
    [OPTION_INTERVAL] = {"interval", "TIME", "between two tables, 1s if not said", 'i'},
    {0},
};

// What an app said of itself at a time.
struct sample {
    char name[PLACE_CONTROL_SIZE];
    struct json_object *status, *metrics; /* NULL: it does not answer */
    double seconds;
};

struct samples {
    struct sample *items;
    size_t n;
};

static void samples_done(struct samples *samples) {
    for (size_t i = 0; i < samples->n; i++) {
        (void)json_object_put(samples->items[i].status);
        (void)json_object_put(samples->items[i].metrics);
    }
    free(samples->items);
    *samples = (struct samples){0};
}

static double now(void) {
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

// -- asking --------------------------------------------------------------------------------------

static int ask(const struct place *place, bool is_quiet, struct sample *sample) {
    CLEANUP(client_free) struct client *client = NULL;
    int r = client_open(place, is_quiet, &client);

    (void)snprintf(sample->name, sizeof(sample->name), "%s",
                   place->name[0] ? place->name : place->control);
    if (r == CTL_DONE) {
        r = client_call(client, "Status", NULL, &sample->status);
    }
    if (r == CTL_DONE) {
        r = client_call(client, "Metrics", NULL, &sample->metrics);
    }
    sample->seconds = now();
    return r;
}

// An app may end at any time: from then on it is shown as one that does not answer. But one that
// was named has to be there in the beginning.
static int take_samples(const struct verb_arguments *arguments, bool is_first,
                        struct samples *samples) {
    bool is_strict = is_first && arguments->n_operands > 0;
    CLEANUP_FREE struct place *places = NULL;
    size_t n = 0;
    int r = running_list(arguments->operands, arguments->n_operands, &places, &n);

    if (r != CTL_DONE) {
        return r;
    }
    samples->items = calloc(n + 1, sizeof(*samples->items));
    if (!samples->items) {
        (void)log_errno(ENOMEM, "cannot ask the apps");
        return CTL_INTERNAL;
    }
    for (samples->n = 0; samples->n < n && (r == CTL_DONE || !is_strict); samples->n++) {
        r = ask(&places[samples->n], !is_strict, &samples->items[samples->n]);
    }
    return is_strict ? r : CTL_DONE;
}

static const struct sample *find(const struct samples *samples, const char *name) {
    for (size_t i = 0; i < samples->n; i++) {
        if (strcmp(samples->items[i].name, name) == 0) {
            return &samples->items[i];
        }
    }
    return NULL;
}

// -- showing -------------------------------------------------------------------------------------

static void cell_seconds(struct table *table, double seconds, bool is_since_start) {
    char text[SPAN_SIZE], cell[SPAN_SIZE + 4];

    if (seconds < 0) {
        table_cell(table, COLOUR_NONE, "-");
    } else if (seconds > 3600) {
        table_cell(table, COLOUR_WARNING, "long"); // the last bucket has no end
    } else {
        (void)snprintf(cell, sizeof(cell), is_since_start ? "(<%s)" : "<%s",
                       span_time((uint64_t)(seconds * 1e6), text));
        table_cell(table, COLOUR_NONE, cell);
    }
}

static void cell_rates(struct table *table, const struct rates *rates) {
    table_cell_format(table, COLOUR_NONE, "%.0f", rates->calls);
    table_cell_format(table, rates->failures > 0 ? COLOUR_WARNING : COLOUR_NONE, "%.0f",
                      rates->failures);
    cell_seconds(table, rates->median, rates->is_since_start);
    cell_seconds(table, rates->slow, rates->is_since_start);
}

static void add_app(struct table *table, const struct sample *sample, const struct rates *rates) {
    const char *state = reply_text_or(sample->status, "state", "unanswering");
    struct json_object *heap = reply_object(sample->status, "heap");
    char used[SPAN_SIZE];

    table_cell(table, COLOUR_BOLD, reply_text_or(sample->status, "app", sample->name));
    table_cell(table, colour_of_state(state), state);
    cell_rates(table, rates);
    table_cell(table, COLOUR_NONE, heap ? span_bytes(reply_number(heap, "used"), used) : "-");
    table_cell_format(
        table, COLOUR_NONE, "%llu",
        (unsigned long long)reply_number(reply_object(sample->status, "restarts"), "total"));
}

static void add_group(struct table *table, const struct rates *rates) {
    table_cell_format(table, COLOUR_DIM, "  %s", rates->group);
    table_cell(table, COLOUR_NONE, "");
    cell_rates(table, rates);
    table_cell(table, COLOUR_NONE, "");
    table_cell(table, COLOUR_NONE, "");
}

static void show(const struct samples *before, const struct samples *after) {
    static const char *const headings[] = {"APP",  "STATE", ">CALLS/S", ">ERRORS/S",
                                           ">P50", ">P99",  ">HEAP",    ">RESTARTS"};
    CLEANUP(table_free)
    struct table *table = table_new(headings, sizeof(headings) / sizeof(headings[0]));
    struct rates rates[RATES_GROUPS_MAX + 1];

    for (size_t i = 0; i < after->n; i++) {
        const struct sample *sample = &after->items[i], *then = find(before, sample->name);
        double seconds = then ? sample->seconds - then->seconds : 1;
        size_t n = rates_of(then ? then->metrics : NULL, sample->metrics, seconds, rates);

        add_app(table, sample, &rates[0]);
        for (size_t j = 1; j < n; j++) {
            add_group(table, &rates[j]);
        }
    }
    (void)fputs(isatty(STDOUT_FILENO) ? CLEAR : "", stdout);
    table_print(table);
}

// -- the loop ------------------------------------------------------------------------------------

// Returns whether the time is over, and not: somebody wants an end.
static bool wait_usec(uint64_t usec, int signals) {
    struct pollfd fds[] = {{.fd = signals, .events = POLLIN}, {.fd = STDOUT_FILENO}};
    const struct timespec time = {(time_t)(usec / 1000000), (long)(usec % 1000000 * 1000)};

    return ppoll(fds, 2, &time, NULL) == 0;
}

static int follow(const struct verb_arguments *arguments, uint64_t usec, uint64_t n_tables,
                  int signals) {
    CLEANUP(samples_done) struct samples before = {0};
    int r = take_samples(arguments, true, &before);

    for (uint64_t i = 0; r == CTL_DONE && i < n_tables && wait_usec(usec, signals); i++) {
        struct samples after = {0};

        r = take_samples(arguments, false, &after);
        if (r == CTL_DONE) {
            show(&before, &after);
            r = program_finish_output();
        }
        samples_done(&before);
        before = after;
    }
    return r;
}

int top_run(const struct verb_arguments *arguments) {
    const char *interval = arguments->values[OPTION_INTERVAL];
    const char *count = arguments->values[OPTION_COUNT];
    uint64_t usec = 1000000, n_tables = UINT64_MAX;
    CLEANUP_FD int signals = -1;
    int r;

    if (interval && parse_usec(interval, 10000, HOUR_USEC, &usec) < 0) {
        log_error("top: --interval %s: is no time from 10ms to 1h", interval);
        return CTL_USAGE;
    }
    if (count && parse_u64(count, 1, UINT64_MAX, &n_tables) < 0) {
        log_error("top: --count %s: is no number from 1 on", count);
        return CTL_USAGE;
    }
    r = interrupt_open(&signals);
    return r == CTL_DONE ? follow(arguments, usec, n_tables, signals) : r;
}

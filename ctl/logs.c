// SPDX-License-Identifier: MIT

// mpyctl logs: what apps and their units said, as journalctl(1) shows it. It is asked by unit,
// which the journal itself vouches for: what else an entry says of its app, anybody on the machine
// can write.

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/place.h"
#include "ctl/program.h"
#include "ctl/unit.h"
#include "ctl/verbs.h"

enum {
    OPTION_FOLLOW,
    OPTION_LINES,
    OPTION_SINCE,
    OPTION_UNTIL,
    OPTION_PRIORITY,
    OPTION_BOOT,
    OPTION_EXPLAIN,
    OPTION_OWN,
    OPTION_OUTPUT,
};

const struct verb_option logs_options[] = {
    [OPTION_FOLLOW] = {"follow", NULL, "go on with what is said from now on", 'f'},
    [OPTION_LINES] = {"lines", "N", "the last N alone", 'n'},
    [OPTION_SINCE] = {"since", "TIME", "not before TIME, as journalctl has it", 'S'},
    [OPTION_UNTIL] = {"until", "TIME", "not after TIME", 'U'},
    [OPTION_PRIORITY] = {"priority", "LEVEL", "as grave as LEVEL at least: err, warning ...", 'p'},
    [OPTION_BOOT] = {"boot", NULL, "since this boot alone", 'b'},
    [OPTION_EXPLAIN] = {"explain", NULL, "say what events mean, and what to do", 'x'},
    [OPTION_OWN] = {"own", NULL, "only what apps said themselves"},
    [OPTION_OUTPUT] = {"output", "FORM", "another form: json, cat, verbose ...", 'o'},
    {0},
};

// How journalctl calls them; an option without a value is given as it is.
static const char *const journalctl_options[] = {
    [OPTION_FOLLOW] = "--follow",   [OPTION_LINES] = "--lines=",       [OPTION_SINCE] = "--since=",
    [OPTION_UNTIL] = "--until=",    [OPTION_PRIORITY] = "--priority=", [OPTION_BOOT] = "--boot",
    [OPTION_EXPLAIN] = "--catalog", [OPTION_OUTPUT] = "--output=",
};
#define N_OPTIONS (sizeof(journalctl_options) / sizeof(journalctl_options[0]))

// The units of an app, and those that update it.
static const char *const units[] = {"mpyd", "mpyd-install", "mpyd-probation"};
#define N_UNITS (sizeof(units) / sizeof(units[0]))

#define WORD_SIZE 256
#define WORDS_MAX (N_OPTIONS + N_UNITS * 16 + 8)
#define APPS_MAX 16u

struct words {
    const char *items[WORDS_MAX + 1]; /* ends with NULL */
    char space[WORDS_MAX][WORD_SIZE];
    size_t n;
};

static void add(struct words *words, const char *start, const char *value) {
    (void)snprintf(words->space[words->n], WORD_SIZE, "%s%s", start, value);
    words->items[words->n] = words->space[words->n];
    words->n++;
}

static void add_options(struct words *words, const struct verb_arguments *arguments) {
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (journalctl_options[i] && arguments->values[i]) {
            add(words, journalctl_options[i], arguments->values[i]);
        }
    }
    if (!arguments->is_paged) {
        add(words, "--no-pager", "");
    }
}

// APP: a name, or * for all.
static void add_units(struct words *words, const char *app) {
    char unit[WORD_SIZE / 2];

    for (size_t i = 0; i < N_UNITS; i++) {
        (void)snprintf(unit, sizeof(unit), "%s@%s.service", units[i], app);
        add(words, "--unit=", unit);
    }
}

// Whether the journal, as far as who asks may read it, has anything of APP. Where it cannot be
// asked, who shows it says so.
static bool is_logged(const char *app) {
    static struct words words;
    CLEANUP(file_done) struct file entry = FILE_INIT;

    words.n = 0;
    add(&words, "journalctl", "");
    add(&words, "--quiet", "");
    add(&words, "--no-pager", "");
    add(&words, "--lines=", "1");
    add_units(&words, app);
    return program_read(words.items, true, &entry) != 0 || entry.size > 0;
}

// An app that is here no more may have left something in the journal; one that never was is a slip.
static int check_known(const struct place *place, const struct unit *unit) {
    bool is_here = access(place->control, F_OK) == 0 || place_has_image(place) ||
                   strcmp(unit->enabled, "enabled") == 0 || unit_is_up(unit);

    if (is_here || is_logged(place->name)) {
        return CTL_DONE;
    }
    log_error("%s: is not running, no image of this name is installed, and %s nothing of it",
              place->name,
              geteuid() == 0 ? "the journal has" : "the journal, as far as you may read it, has");
    return CTL_NOT_RUNNING;
}

// What runs without a unit logs where it was started.
static int check_place(const char *operand) {
    struct place place;
    struct unit unit = UNIT_UNKNOWN;
    int r = place_find(operand, &place);

    if (r == CTL_DONE && place.name[0]) {
        r = unit_read(&place, 1, &unit);
    }
    if (r == CTL_DONE && !place.name[0]) {
        log_error("logs: %s is no name of an app", operand);
        return CTL_USAGE;
    }
    if (r == CTL_DONE && !place.is_unit && strcmp(unit.active, "active") != 0) {
        log_error("%s: runs without a unit, and logs where \"mpyd run\" was started", operand);
        return CTL_FAILED;
    }
    return r == CTL_DONE ? check_known(&place, &unit) : r;
}

static int check_sizes(const struct verb_arguments *arguments) {
    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (arguments->values[i] && strlen(arguments->values[i]) > WORD_SIZE / 2) {
            log_error("logs: what was given to --%s is too long", logs_options[i].name);
            return CTL_USAGE;
        }
    }
    if (arguments->n_operands > APPS_MAX) {
        log_error("logs: %u apps at most", APPS_MAX);
        return CTL_USAGE;
    }
    return CTL_DONE;
}

int logs_run(const struct verb_arguments *arguments) {
    static struct words words;
    int r = check_sizes(arguments);

    add(&words, "journalctl", "");
    add_options(&words, arguments);
    for (size_t i = 0; r == CTL_DONE && i < arguments->n_operands; i++) {
        r = check_place(arguments->operands[i]);
        add_units(&words, arguments->operands[i]);
    }
    if (r != CTL_DONE) {
        return r;
    }
    if (arguments->n_operands == 0) {
        add_units(&words, "*");
    }
    if (arguments->values[OPTION_OWN]) {
        add(&words, "CALL=log.write", "");
    }
    return program_become(words.items);
}

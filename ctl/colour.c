// SPDX-License-Identifier: MIT
#include "ctl/colour.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum { UNDECIDED, WITHOUT, WITH } decision;

static bool are_wanted(void) {
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

    return isatty(STDOUT_FILENO) && !(no_color && no_color[0]) &&
           !(term && strcmp(term, "dumb") == 0);
}

void colour_decide(void) {
    if (decision == UNDECIDED) {
        decision = are_wanted() ? WITH : WITHOUT;
    }
}

const char *colour_start(enum colour colour) {
    static const char *const starts[] = {
        [COLOUR_NONE] = "",        [COLOUR_GOOD] = "\033[32m", [COLOUR_WARNING] = "\033[33m",
        [COLOUR_BAD] = "\033[31m", [COLOUR_DIM] = "\033[2m",   [COLOUR_BOLD] = "\033[1m",
    };

    colour_decide();
    return decision == WITH ? starts[colour] : "";
}

const char *colour_end(void) {
    colour_decide();
    return decision == WITH ? "\033[0m" : "";
}

enum colour colour_of_state(const char *state) {
    static const struct {
        const char *state;
        enum colour colour;
    } rows[] = {
        {"running", COLOUR_GOOD},    {"blank", COLOUR_NONE},     {"verifying", COLOUR_NONE},
        {"starting", COLOUR_NONE},   {"stopping", COLOUR_NONE},  {"degraded", COLOUR_WARNING},
        {"backoff", COLOUR_WARNING}, {"ended", COLOUR_DIM},      {"inactive", COLOUR_DIM},
        {"locked", COLOUR_BAD},      {"corrupt", COLOUR_BAD},    {"failed", COLOUR_BAD},
        {"unanswering", COLOUR_BAD}, {"denied", COLOUR_WARNING},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].state, state) == 0) {
            return rows[i].colour;
        }
    }
    return COLOUR_NONE;
}

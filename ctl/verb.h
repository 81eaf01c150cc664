// SPDX-License-Identifier: MIT
#pragma once

// A verb of mpyctl: a row of the table in verbs.c, and what the command line said for it.

#include <stdbool.h>
#include <stddef.h>

#include "ctl/exit.h"

#define VERB_OPTIONS_MAX 10u

// A table of them ends with a NULL name.
struct verb_option {
    const char *name;
    const char
        *value; /* what it takes, as the help calls it, or words with | between; NULL: nothing
                 */
    const char *help;
    char letter; /* short form; 0: none */
};

// What was said for a verb. Refers to the command line.
struct verb_arguments {
    char **operands; /* ends with NULL */
    size_t n_operands;
    const char *values[VERB_OPTIONS_MAX]; /* of each option, "" for one without; NULL: absent */
    bool is_help;                         /* was asked for: nothing else counts */
    bool is_paged;                        /* unless --no-pager */
};

// What an operand or the value of an option is, for those who complete it.
enum verb_word {
    VERB_WORD_OTHER,
    VERB_WORD_APP,
    VERB_WORD_FILE,
    VERB_WORD_DIRECTORY,
    VERB_WORD_CHOICE, /* one of the words between the | */
};

struct verb {
    const char *group; /* of the help */
    const char *name;  /* one word, or two: "config show" */

    // As the help calls them; in [] what may be missing, with ... what may be repeated: "APP...",
    // "A B", "APP NAME [ARGUMENT]". NULL: none. APP, FILE, IMAGE, DIR are completed.
    const char *operands;
    const char *help; /* one line */
    const struct verb_option *options;
    int (*run)(const struct verb_arguments *arguments); /* returns enum ctl_exit */
};

// Reads the N_ARGUMENTS at ARGUMENTS, the first of which is the verb's last word, by VERB's row.
// Returns CTL_DONE and *ret_arguments, or CTL_USAGE, having said what is wrong.
int verb_read(const struct verb *verb, int n_arguments, char **arguments,
              struct verb_arguments *ret_arguments);

// Writes the help of VERB to standard output. Returns CTL_DONE or CTL_INTERNAL.
int verb_help(const struct verb *verb);

// What operand INDEX (from 0) of VERB is; VERB_WORD_OTHER also where it has no so many.
enum verb_word verb_operand_word(const struct verb *verb, size_t index);

// What the value NAME (of struct verb_option) is.
enum verb_word verb_value_word(const char *name);

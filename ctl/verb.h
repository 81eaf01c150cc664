// SPDX-License-Identifier: MIT
#pragma once

// A verb of mpyctl: a row of the table in verbs.c, and what the command line said for it.

#include <stdbool.h>
#include <stddef.h>

#define VERB_OPTIONS_MAX 8u
#define VERB_OPERANDS_MAX 1u

// The exit status of mpyctl. Those from CTL_IMAGE on mean what they mean for mpyd (daemon/run.h).
enum ctl_exit {
    CTL_DONE = 0,
    CTL_FAILED = 1, /* what was asked for does not hold, or is not there */
    CTL_USAGE = 2,
    CTL_IMAGE = 3, /* the image is refused */
    CTL_INTERNAL = 6,
    CTL_UNTRUSTED = 7, /* nobody who is trusted vouches for the image */
    CTL_LOCKED = 8,    /* it is encrypted, and its key is not there */
};

// A table of them ends with a NULL name.
struct verb_option {
    const char *name;
    const char *value; /* what it takes, as the help calls it; NULL: nothing */
    const char *help;
};

// What was said for a verb. Refers to the command line.
struct verb_arguments {
    const char *operands[VERB_OPERANDS_MAX]; /* NULL where none was given */
    const char *values[VERB_OPTIONS_MAX];    /* of each option, "" for one without; NULL: absent */
};

struct verb {
    const char *name;
    const char *operands; /* as the help calls them, "IMAGE"; in [] where they may be missing */
    size_t n_operands_min, n_operands_max;
    const char *help; /* one line */
    const struct verb_option *options;
    int (*run)(const struct verb_arguments *arguments); /* returns enum ctl_exit */
};

// Reads the N_ARGUMENTS at ARGUMENTS, the first of which is the verb's own name, by VERB's row.
// Returns CTL_DONE and *ret_arguments, or CTL_USAGE, having said what is wrong. *ret_help: the help
// of the verb was asked for, and nothing else counts.
int verb_read(const struct verb *verb, int n_arguments, char **arguments,
              struct verb_arguments *ret_arguments, bool *ret_help);

// Writes the help of VERB to standard output. Returns CTL_DONE or CTL_INTERNAL.
int verb_help(const struct verb *verb);

// Writes what is left in standard output's buffer. Returns CTL_DONE, or CTL_INTERNAL, having said
// so: a full disk is no success.
int verb_finish_output(void);

// SPDX-License-Identifier: MIT
#include "ctl/verb.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "base/log.h"

#define CODE_FIRST 256 /* of the options, in the order of the table: no character */

enum { CODE_HELP = 'h' };

static int usage(const struct verb *verb, const char *what, const char *which) {
    log_error("%s: %s%s; try mpyctl %s --help", verb->name, what, which, verb->name);
    return CTL_USAGE;
}

// The verb's table as getopt_long(3) wants it.
static void make_options(const struct verb *verb, struct option options[VERB_OPTIONS_MAX + 2]) {
    size_t n = 0;

    for (const struct verb_option *row = verb->options; row->name; row++, n++) {
        options[n] = (struct option){row->name, row->value ? required_argument : no_argument, NULL,
                                     CODE_FIRST + (int)n};
    }
    options[n++] = (struct option){"help", no_argument, NULL, CODE_HELP};
    options[n] = (struct option){0};
}

static int read_operands(const struct verb *verb, int n_operands, char **operands,
                         struct verb_arguments *arguments) {
    if ((size_t)n_operands < verb->n_operands_min) {
        return usage(verb, "missing ", verb->operands);
    }
    if ((size_t)n_operands > verb->n_operands_max) {
        return usage(verb, "unexpected ", operands[verb->n_operands_max]);
    }
    for (int i = 0; i < n_operands; i++) {
        arguments->operands[i] = operands[i];
    }
    return CTL_DONE;
}

int verb_read(const struct verb *verb, int n_arguments, char **arguments,
              struct verb_arguments *ret_arguments, bool *ret_help) {
    struct option options[VERB_OPTIONS_MAX + 2];
    struct verb_arguments found = {0};
    int code = 0;

    make_options(verb, options);
    *ret_help = false;
    optind = 0; // glibc: begins anew
    while ((code = getopt_long(n_arguments, arguments, ":h", options, NULL)) != -1) {
        if (code == CODE_HELP) {
            *ret_help = true;
            return CTL_DONE;
        }
        if (code == ':' || code == '?') {
            return usage(verb, code == ':' ? "missing value after " : "unknown option ",
                         arguments[optind - 1]);
        }
        found.values[code - CODE_FIRST] = optarg ? optarg : "";
    }
    if (read_operands(verb, n_arguments - optind, arguments + optind, &found) != CTL_DONE) {
        return CTL_USAGE;
    }
    *ret_arguments = found;
    return CTL_DONE;
}

int verb_help(const struct verb *verb) {
    printf("Usage: mpyctl %s", verb->name);
    if (verb->operands) {
        printf(" %s", verb->operands);
    }
    for (const struct verb_option *row = verb->options; row->name; row++) {
        printf(row->value ? " [--%s %s]" : " [--%s]", row->name, row->value);
    }
    printf("\n\n%s\n\n", verb->help);
    for (const struct verb_option *row = verb->options; row->name; row++) {
        const char *value = row->value ? row->value : "";
        int n = printf("  --%s%s%s", row->name, row->value ? " " : "", value);

        printf("%*s%s\n", n < 24 ? 24 - n : 1, "", row->help);
    }
    printf("  -h, --help            show this and exit\n");
    return verb_finish_output();
}

int verb_finish_output(void) {
    if (ferror(stdout) || fflush(stdout) == EOF) {
        (void)log_errno(errno ? errno : EIO, "cannot write to standard output");
        return CTL_INTERNAL;
    }
    return CTL_DONE;
}

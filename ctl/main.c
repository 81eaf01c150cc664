// SPDX-License-Identifier: MIT

// The command line of mpyctl: finds the verb.

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/suggest.h"
#include "ctl/verbs.h"
#include "version.h"

static int help(void) {
    printf("Usage: mpyctl VERB [ARGUMENT...]\n"
           "       mpyctl VERB --help\n"
           "       mpyctl --help | --version\n"
           "\n"
           "Tells about the images of mpyd's apps; nothing of an image is run.\n"
           "\n");
    for (const struct verb *verb = verbs; verb->name; verb++) {
        printf("  %-12s%s\n", verb->name, verb->help);
    }
    printf(
        "\n"
        "Exit status: 0 done, 1 what was asked for does not hold or is not there, 2 wrong usage,\n"
        "3 the image is refused, 6 internal failure, 7 the image is not trusted, 8 it is "
        "encrypted,\n"
        "and its key is not there.\n");
    return verb_finish_output();
}

static int version(void) {
    printf("mpyctl " MPYD_VERSION "\n");
    return verb_finish_output();
}

static int unknown(const char *what, const char *written) {
    const struct verb *nearest = NULL;
    uint32_t nearest_distance = UINT32_MAX;

    for (const struct verb *verb = verbs; verb->name; verb++) {
        uint32_t distance = suggest_distance(written, verb->name);

        if (distance < nearest_distance) {
            nearest = verb;
            nearest_distance = distance;
        }
    }
    if (nearest) {
        log_error("unknown %s %s; did you mean %s?", what, written, nearest->name);
    } else {
        log_error("unknown %s %s; try mpyctl --help", what, written);
    }
    return CTL_USAGE;
}

static int run_verb(const struct verb *verb, int n_arguments, char **arguments) {
    struct verb_arguments found;
    bool is_help = false;
    int r = verb_read(verb, n_arguments, arguments, &found, &is_help);

    if (r == CTL_DONE && is_help) {
        return verb_help(verb);
    }
    if (r == CTL_DONE) {
        r = verb->run(&found);
    }
    return r == CTL_DONE ? verb_finish_output() : r;
}

int main(int argc, char **argv) {
    log_set_name("mpyctl");
    if (sodium_init() < 0) {
        log_error("libsodium does not work here");
        return CTL_INTERNAL;
    }
    if (argc < 2) {
        log_error("no verb; try mpyctl --help");
        return CTL_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        return help();
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        return version();
    }
    for (const struct verb *verb = verbs; verb->name; verb++) {
        if (strcmp(argv[1], verb->name) == 0) {
            return run_verb(verb, argc - 1, argv + 1);
        }
    }
    return unknown(argv[1][0] == '-' ? "option" : "verb", argv[1]);
}

// SPDX-License-Identifier: MIT

// The command line of mpyctl: finds the verb.

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/find.h"
#include "ctl/page.h"
#include "ctl/program.h"
#include "ctl/verbs.h"
#include "image/build.h"

static int help(void) {
    const char *group = "";

    printf("Usage: mpyctl VERB [ARGUMENT...]\n"
           "       mpyctl VERB --help\n"
           "       mpyctl --help | --version\n"
           "\n"
           "Tells about mpyd's apps and their images, and steers them.\n");
    for (const struct verb *verb = verbs; verb->name; verb++) {
        if (strcmp(verb->group, group) != 0) {
            printf("\n%s:\n", verb->group);
        }
        group = verb->group;
        printf("  %-16s%s\n", verb->name, verb->help);
    }
    printf(
        "\n"
        "Exit status: 0 done, 1 what was asked for does not hold or is not there, 2 wrong usage,\n"
        "3 the image is refused, 4 the configuration is, 6 internal failure, 7 the image is not\n"
        "trusted, 8 it is encrypted, and its key is not there, 9 the app is not running, 10 not\n"
        "allowed.\n");
    return program_finish_output();
}

static int version(void) {
    char text[BUILD_SIZE];

    (void)fputs(build_describe("mpyctl", text), stdout);
    return program_finish_output();
}

static int run_verb(const struct verb *verb, int n_arguments, char **arguments) {
    struct verb_arguments found;
    int r = verb_read(verb, n_arguments, arguments, &found);

    if (r == CTL_DONE && found.is_help) {
        return verb_help(verb);
    }
    if (r == CTL_DONE) {
        r = verb->run(&found);
        page_end();
    }
    return r == CTL_DONE ? program_finish_output() : r;
}

int main(int argc, char **argv) {
    const struct verb *verb;
    int n_name;

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
    verb = find_verb(argc - 1, argv + 1, &n_name);
    return verb ? run_verb(verb, argc - n_name, argv + n_name) : CTL_USAGE;
}

// SPDX-License-Identifier: MIT

// The command line of mpyd.

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/log-journal.h"
#include "base/log-sink.h"
#include "base/log.h"
#include "base/title.h"
#include "daemon/control/control-socket.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/life/supervise.h"
#include "daemon/process/inherited.h"
#include "daemon/start/config-show.h"
#include "daemon/start/layers-show.h"
#include "daemon/start/run.h"
#include "daemon/start/service.h"
#include "image/build.h"
#include "image/floor.h"
#include "image/key.h"
#include "image/naming.h"

static const char help[] =
    "Usage: mpyd run IMAGE [OPTION]...\n"
    "       mpyd service APP\n"
    "       mpyd config APP [--config FILE] [--image IMAGE]\n"
    "       mpyd layers\n"
    "       mpyd --help | --version\n"
    "\n"
    "Runs a frozen MicroPython app as a locked-down service, in the foreground: an image, or the\n"
    "installed app that a unit names. Or shows what configuration counts for an app, or\n"
    "which layers of the sandbox can be had here.\n"
    "\n"
    "  -c, --config FILE   local configuration: narrows what the app may do\n"
    "  -i, --image IMAGE   config: say whether this image would be started with it\n"
    "  -n, --name NAME     insist that the image is of this app\n"
    "  -k, --keys DIR      the keys that are trusted, in place of " KEY_DIRECTORY "\n"
    "  -f, --floors DIR    the least counters allowed, in place of " FLOOR_DIRECTORY "\n"
    "  -K, --key-file FILE the key of an encrypted image\n"
    "  -s, --state DIR     where the app's files and crash reports are kept\n"
    "  -u, --unsigned      run it whoever made it: for development\n"
    "  -C, --control PATH  the control socket, in place of " CONTROL_RUN "/APP/control (of users:\n"
    "                      $XDG_RUNTIME_DIR/" CONTROL_USER_RUN "/APP/control); none: no socket\n"
    "  -d, --debug         log more, every call of the app among it\n"
    "  -h, --help          show this and exit\n"
    "  -V, --version       show the version and exit\n"
    "\n"
    "Exit status: 0 the app ended well or was stopped, 1 it failed for good, 2 wrong usage,\n"
    "3 the image is refused, 4 the configuration is refused, 5 the sandbox could not be made,\n"
    "6 internal failure, 7 the image is not trusted, 8 the image is locked,\n"
    "9 the state directory cannot be used.\n";

static const struct option long_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"name", required_argument, NULL, 'n'},
    {"keys", required_argument, NULL, 'k'},
    {"floors", required_argument, NULL, 'f'},
    {"control", required_argument, NULL, 'C'},
    {"key-file", required_argument, NULL, 'K'},
    {"state", required_argument, NULL, 's'},
    {"unsigned", no_argument, NULL, 'u'},
    {"debug", no_argument, NULL, 'd'},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {"image", required_argument, NULL, 'i'},
    {NULL, 0, NULL, 0},
};

static int usage(const char *what, const char *which) {
    log_error("%s%s; try mpyd --help", what, which);
    return EXIT_USAGE;
}

// getopt's own messages name the program by its path; this one says what the others say.
static int bad_option(char **arguments, int option) {
    if (option == ':') {
        return usage("missing value after ", arguments[optind - 1]);
    }
    return usage("unknown option ", arguments[optind - 1]);
}

static int say(const char *text) {
    return fputs(text, stdout) == EOF || fflush(stdout) == EOF ? EXIT_INTERNAL : EXIT_ENDED;
}

static int say_version(void) {
    char text[BUILD_SIZE];

    return say(build_describe("mpyd", text));
}

static int run_image(char *image, struct run_options *options) {
    if (options->trust.image) {
        return usage("run: the image stands alone, without --image", "");
    }
    options->trust.image = image;
    return run(options);
}

// By the name of the app, that is: what a unit cannot say, nobody says.
static int run_service(char *app, struct run_options *options) {
    int r = 0;

    if (options->config.file || options->name || options->control || options->state ||
        options->trust.image || options->trust.keys || options->trust.floors ||
        options->trust.key_file || options->trust.is_unsigned) {
        return usage("service: takes no option but --debug", "");
    }
    r = service_options(app, options);
    return r ? r : run(options);
}

static int show_config(char *app, struct run_options *options) {
    char name[NAMING_SIZE];

    if (!naming_choose(app, app, name)) {
        return EXIT_USAGE;
    }
    options->config.app = app;
    return config_show(&options->config, &options->trust);
}

static int show_layers(char *none, struct run_options *options) {
    return layers_show();
}

static const struct verb {
    const char *name, *operand; /* NULL: it takes none */
    int (*run)(char *operand, struct run_options *options);
} verbs[] = {
    {"config", "app", show_config},
    {"layers", NULL, show_layers},
    {"run", "image", run_image},
    {"service", "app", run_service},
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int run_verb(int n_arguments, char **arguments, struct run_options *options) {
    const struct verb *verb = verbs;

    if (n_arguments == 0) {
        return usage("no command", "");
    }
    while (verb < verbs + N_VERBS && strcmp(arguments[0], verb->name) != 0) {
        verb++;
    }
    if (verb == verbs + N_VERBS) {
        return usage("unknown command ", arguments[0]);
    }
    if (!verb->operand && n_arguments == 1) {
        return verb->run(NULL, options);
    }
    if (n_arguments != 2 || !verb->operand) {
        log_error("%s: %s %s; try mpyd --help", verb->name,
                  n_arguments == 1 ? "no"
                  : !verb->operand ? "takes no"
                                   : "more than one",
                  verb->operand ? verb->operand : "operand");
        return EXIT_USAGE;
    }
    return verb->run(arguments[1], options);
}

// A descriptor opened later must never become 0, 1 or 2, where messages go. And shells and service
// managers leave some open that are none of ours, beside those that they pass.
static int order_descriptors(void) {
    int fd = 0, n_inherited = inherited_init(), r = 0;

    if (n_inherited < 0) {
        return log_errno(n_inherited, "cannot tell what was inherited: LISTEN_FDS");
    }
    do {
        fd = open("/dev/null", O_RDWR);
    } while (fd >= 0 && fd <= 2);
    if (fd < 0) {
        return log_errno(errno, "cannot open /dev/null");
    }
    r = fd_close_from(3 + (unsigned)n_inherited);
    return r < 0 ? log_errno(r, "cannot close the descriptors that were inherited") : 0;
}

int main(int argc, char **argv) {
    struct run_options options = {0};
    int option = 0;

    title_init(argc, argv);
    if (order_descriptors() < 0) {
        return EXIT_INTERNAL;
    }
    log_sink_open();
    // Without the journal everything goes to standard error, which is the journal too.
    (void)log_journal_open(LOG_JOURNAL_SOCKET);
    while ((option = getopt_long(argc, argv, ":c:i:n:k:f:C:K:s:udhV", long_options, NULL)) != -1) {
        switch (option) {
        case 'c':
            options.config.file = optarg;
            break;
        case 'i':
            options.trust.image = optarg;
            break;
        case 'n':
            options.name = optarg;
            break;
        case 'k':
            options.trust.keys = optarg;
            break;
        case 'f':
            options.trust.floors = optarg;
            break;
        case 'C':
            options.control = optarg;
            break;
        case 'K':
            options.trust.key_file = optarg;
            break;
        case 's':
            options.state = optarg;
            break;
        case 'u':
            options.trust.is_unsigned = true;
            break;
        case 'd':
            log_set_level(LOG_DEBUG);
            dispatch_set_trace(true);
            break;
        case 'h':
            return say(help);
        case 'V':
            return say_version();
        default:
            return bad_option(argv, option);
        }
    }
    return run_verb(argc - optind, argv + optind, &options);
}

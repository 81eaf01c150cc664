// SPDX-License-Identifier: MIT

// The command line of mpyd-update, which alone writes slots and floors. People use mpyctl install
// and mpyctl rollback; this is started by the units, as root.

#include <fcntl.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/log-journal.h"
#include "base/log-sink.h"
#include "base/log.h"
#include "base/parse.h"
#include "image/build.h"
#include "image/floor.h"
#include "image/key.h"
#include "image/places.h"
#include "image/trust.h"
#include "update/powers.h"
#include "update/probation.h"
#include "update/request.h"
#include "update/service.h"
#include "update/update.h"
#include "update/watch.h"

static const char help[] =
    "Usage: mpyd-update VERB APP [IMAGE|RESULT] [OPTION]...\n"
    "       mpyd-update --help | --version\n"
    "\n"
    "Keeps the images of mpyd's apps; started by their units. Use mpyctl install and rollback.\n"
    "\n"
    "  pick APP            choose the image of the next start\n"
    "  prepare APP         the same; that there is none is left to mpyd to refuse\n"
    "  install APP IMAGE   verify an image and put it into a slot, to be tried\n"
    "  rollback APP        go back to the image before\n"
    "  request APP         do what mpyctl has left in --incoming, and restart the app\n"
    "  stopped APP RESULT  after the unit has stopped with that $SERVICE_RESULT: a trial that was\n"
    "                      stopped in order is none yet, one that came to its end is over\n"
    "  watch APP           watch the trial that runs, until it is confirmed or rolled back\n"
    "\n"
    "      --images DIR    the slots, in place of " PLACES_IMAGES "\n"
    "      --vendor DIR    images of packages, in place of " PLACES_VENDOR "\n"
    "      --run DIR       links to what is picked, in place of " PLACES_RUN "\n"
    "      --incoming DIR  what is to be installed, in place of " PLACES_INCOMING "\n"
    "  -k, --keys DIR      the keys that are trusted, in place of " KEY_DIRECTORY "\n"
    "  -f, --floors DIR    the least counters allowed, in place of " FLOOR_DIRECTORY "\n"
    "  -K, --key-file FILE the key of an encrypted image\n"
    "      --control PATH  the app's control socket, in place of its unit's\n"
    "      --probation TIME how long a trial has to do well, in place of [update] probation\n"
    "  -h, --help          show this and exit\n"
    "  -V, --version       show the version and exit\n"
    "\n"
    "Exit status: 0 done, 1 it cannot be done now or the trial failed, 2 wrong usage, 3 the image\n"
    "is refused, 6 internal failure, 7 the image is not trusted, 8 it is encrypted, and its key "
    "is\n"
    "not there.\n";

enum {
    OPTION_IMAGES = 256,
    OPTION_VENDOR,
    OPTION_RUN,
    OPTION_INCOMING,
    OPTION_CONTROL,
    OPTION_PROBATION
};

static const struct option long_options[] = {
    {"images", required_argument, NULL, OPTION_IMAGES},
    {"vendor", required_argument, NULL, OPTION_VENDOR},
    {"run", required_argument, NULL, OPTION_RUN},
    {"incoming", required_argument, NULL, OPTION_INCOMING},
    {"control", required_argument, NULL, OPTION_CONTROL},
    {"keys", required_argument, NULL, 'k'},
    {"floors", required_argument, NULL, 'f'},
    {"key-file", required_argument, NULL, 'K'},
    {"probation", required_argument, NULL, OPTION_PROBATION},
    {"help", no_argument, NULL, 'h'},
    {"version", no_argument, NULL, 'V'},
    {NULL, 0, NULL, 0},
};

struct command {
    struct places places;
    uint64_t probation_usec;
    const char *app, *operand, *control;
};

static int usage(const char *what, const char *which) {
    log_error("%s%s; try mpyd-update --help", what, which);
    return UPDATE_USAGE;
}

// -- verbs ---------------------------------------------------------------------------------------

static int pick(const struct command *command) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    int r = update_open(&update, &command->places, command->app, false);

    return r ? r : update_pick(&update);
}

// Before a start by systemd, which would try again whatever fails here, but not what mpyd refuses.
// It is a command of the app's unit outside of what that may do: nothing else takes root's powers.
static int prepare(const struct command *command) {
    int r = powers_drop() < 0 ? UPDATE_INTERNAL : pick(command);

    return r == UPDATE_IMAGE ? UPDATE_DONE : r;
}

static int install(const struct command *command) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    int r = update_open(&update, &command->places, command->app, true);

    return r ? r : update_install(&update, AT_FDCWD, command->operand);
}

static int install_from(const struct command *command, const struct request *wanted) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    int r = update_open(&update, &command->places, command->app, true);

    return r ? r : update_install(&update, wanted->directory, wanted->image);
}

static int roll_back(const struct command *command) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    int r = update_open(&update, &command->places, command->app, false);

    return r ? r : update_roll_back(&update);
}

// Whether what the next start would pick is what was picked: a restart would change nothing.
static bool is_picked(const struct command *command) {
    CLEANUP(update_done) struct update update = UPDATE_INIT;

    if (update_open(&update, &command->places, command->app, false) != UPDATE_DONE) {
        return false;
    }
    return update_picked(&update) ==
           (update.slots.trial != SLOTS_NONE ? update.slots.trial : update.slots.good);
}

// The unit is restarted after the lock is gone: its start picks.
static int request(const struct command *command) {
    CLEANUP(request_done) struct request wanted = REQUEST_INIT;
    int r = request_read(&command->places, command->app, &wanted);

    if (r != UPDATE_DONE) {
        return r;
    }
    r = wanted.image ? install_from(command, &wanted) : roll_back(command);
    request_remove(&wanted);
    if (r == UPDATE_DONE && service_is_up(command->app) && !is_picked(command)) {
        r = service_restart(command->app) < 0 ? UPDATE_INTERNAL : UPDATE_DONE;
    }
    return r;
}

static int end(const struct command *command, bool *ret_is_over) {
    bool by_itself = service_ends_itself(command->app); // asked before the slots are locked
    CLEANUP(update_done) struct update update = UPDATE_INIT;
    int r = update_open(&update, &command->places, command->app, false);

    return r ? r : update_end(&update, by_itself, ret_is_over);
}

// systemd counts the starts that administrators ask for, too: as long as the app ends in order
// there is no reason to refuse the next. Of a trial that is over the image before runs again.
// Root's powers are as with prepare().
static int stopped(const struct command *command) {
    bool is_over = false;
    int r, forgot;

    if (strcmp(command->operand, "success") != 0) {
        return UPDATE_DONE;
    }
    if (powers_drop() < 0) {
        return UPDATE_INTERNAL;
    }
    r = end(command, &is_over);
    forgot = is_over ? service_restart(command->app) : service_forget(command->app);
    return forgot < 0 && r == UPDATE_DONE ? UPDATE_INTERNAL : r;
}

static int watch_trial(const struct command *command) {
    return watch(&command->places, command->app, command->control, command->probation_usec);
}

static const struct verb {
    const char *name;
    int n_operands; /* behind APP: 0 or 1 */
    int (*run)(const struct command *command);
} verbs[] = {
    {"install", 1, install},   {"pick", 0, pick},          {"prepare", 0, prepare},
    {"request", 0, request},   {"rollback", 0, roll_back}, {"stopped", 1, stopped},
    {"watch", 0, watch_trial},
};

static int run(struct command *command, int n_operands, char **operands) {
    if (n_operands == 0) {
        return usage("no verb", "");
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(verbs[i].name, operands[0]) != 0) {
            continue;
        }
        if (n_operands != 2 + verbs[i].n_operands) {
            return usage(operands[0], n_operands < 2 + verbs[i].n_operands
                                          ? ": an operand is missing"
                                          : ": too many operands");
        }
        if (!parse_is_app_name(operands[1])) {
            return usage("that is no name of an app: ", operands[1]);
        }
        command->app = operands[1];
        log_set_app(command->app, NULL);
        command->operand = operands[2]; // NULL behind the last
        return verbs[i].run(command);
    }
    return usage("unknown verb ", operands[0]);
}

static int say(const char *text) {
    return fputs(text, stdout) == EOF || fflush(stdout) == EOF ? UPDATE_INTERNAL : UPDATE_DONE;
}

static int say_version(void) {
    char text[BUILD_SIZE];

    return say(build_describe("mpyd-update", text));
}

static int set_probation(struct command *command, const char *text) {
    return parse_usec(text, 0, PROBATION_MAX_USEC, &command->probation_usec) < 0
               ? usage("no time: --probation ", text)
               : UPDATE_DONE;
}

// Returns where the value of OPTION goes, or NULL.
static const char **field(struct command *command, int option) {
    struct places *places = &command->places;

    switch (option) {
    case OPTION_IMAGES:
        return &places->images;
    case OPTION_VENDOR:
        return &places->vendor;
    case OPTION_RUN:
        return &places->run;
    case OPTION_INCOMING:
        return &places->incoming;
    case OPTION_CONTROL:
        return &command->control;
    case 'k':
        return &places->keys;
    case 'f':
        return &places->floors;
    case 'K':
        return &places->key_file;
    default:
        return NULL;
    }
}

int main(int argc, char **argv) {
    struct command command = {.places = PLACES_INIT, .probation_usec = WATCH_PROBATION_CONFIGURED};
    int option = 0, r = 0;

    log_set_name("mpyd-update");
    (void)umask(022);
    log_sink_open();
    (void)log_journal_open(LOG_JOURNAL_SOCKET);
    if (sodium_init() < 0) {
        log_error("libsodium does not work here");
        return UPDATE_INTERNAL;
    }
    while ((option = getopt_long(argc, argv, ":k:f:K:hV", long_options, NULL)) != -1) {
        const char **text = field(&command, option);

        if (option == 'h' || option == 'V') {
            return option == 'h' ? say(help) : say_version();
        }
        if (option == ':' || option == '?') {
            return usage(option == ':' ? "missing value after " : "unknown option ",
                         argv[optind - 1]);
        }
        if (text) {
            *text = optarg;
        } else {
            r = set_probation(&command, optarg);
        }
        if (r != UPDATE_DONE) {
            return r;
        }
    }
    return run(&command, argc - optind, argv + optind);
}

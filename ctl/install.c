// SPDX-License-Identifier: MIT

// mpyctl install: leaves an image and its signature for the unit that installs, and waits for what
// becomes of it. It is not verified here: the unit does that, of a copy that nobody else can reach.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/log.h"
#include "base/open.h"
#include "ctl/granted.h"
#include "ctl/print.h"
#include "ctl/updating.h"
#include "ctl/verbs.h"
#include "image/envelope.h"
#include "image/naming.h"
#include "image/places.h"
#include "image/signature.h"

#define FILE_MODE 0640
#define FILE_NAME_SIZE 64 /* an app's name and both suffixes */

enum { OPTION_NAME, OPTION_NO_WAIT };

const struct verb_option install_options[] = {
    [OPTION_NAME] = {"name", "NAME", "the app, where the file is not called after it"},
    [OPTION_NO_WAIT] = {"no-wait", NULL, "do not wait until the app has done well"},
    {0},
};

static int copy(const struct updating *updating, const char *path, size_t size_limit,
                const char *suffix) {
    CLEANUP_FD int fd = -1;
    char name[FILE_NAME_SIZE];
    int r;

    if (open_file(path, "what is to be installed", &fd) < 0) {
        return CTL_IMAGE;
    }
    (void)snprintf(name, sizeof(name), "%s" PLACES_IMAGE_SUFFIX "%s", updating->app, suffix);
    r = durable_copy(fd, size_limit, updating->incoming, name, FILE_MODE);
    if (r == -EFBIG) {
        log_error("%s: larger than %zu bytes", path, size_limit);
        return CTL_IMAGE;
    }
    if (r < 0) {
        (void)log_errno(r, "cannot copy %s to " PLACES_INCOMING, path);
        return CTL_INTERNAL;
    }
    return CTL_DONE;
}

// The signature first: an image alone would be taken for all there is.
static int leave(const struct updating *updating, const char *image) {
    CLEANUP_FREE char *signature = NULL;
    int r;

    if (asprintf(&signature, "%s" SIGNATURE_SUFFIX, image) < 0) {
        signature = NULL;
        (void)log_errno(ENOMEM, "cannot copy %s", image);
        return CTL_INTERNAL;
    }
    if (access(image, F_OK) < 0) {
        (void)log_errno(errno, "cannot open what is to be installed %s", image);
        return CTL_IMAGE;
    }
    if (access(signature, F_OK) < 0 && errno == ENOENT) {
        log_error("%s: not signed: there is no %s", image, signature);
        return CTL_UNTRUSTED;
    }
    r = copy(updating, signature, SIGNATURE_SIZE_MAX, SIGNATURE_SUFFIX);
    return r == CTL_DONE ? copy(updating, image, ENVELOPE_SIZE_MAX, "") : r;
}

static int tell(const struct updating *updating, const struct slots *slots, bool waits) {
    const struct slots *before = &updating->before;
    enum slots_place place = slots->trial;

    if (slots->trial == before->trial && slots->good == before->good &&
        strcmp(slots->event, before->event) == 0) {
        print_line("%s: nothing to do: this very image is installed already", updating->app);
        return CTL_DONE;
    }
    if (place == SLOTS_NONE) { // it was quicker than we are
        print_line("%s: %s", updating->app, slots->event);
        return CTL_DONE;
    }
    print_line("%s: version %s is in slot %s", updating->app, slots->slot[place].version,
               slots_name(place));
    (void)fflush(stdout);
    return waits ? updating_wait(updating, place) : CTL_DONE;
}

// An update may ask for more than the one that the units were written for; those are the
// administrator's to change.
static void hint(const char *app, const char *path) {
    CLEANUP(granted_image_done) struct granted_image image = GRANTED_IMAGE_INIT;
    CLEANUP(granted_done) struct granted granted = GRANTED_INIT;

    if (granted_is_enabled(app) && granted_read_image(app, path, &image) == CTL_DONE &&
        granted_make(&image, &granted) == CTL_DONE &&
        granted_compare(&granted, app) == GRANTED_STALE) {
        print_line("%s: it asks for other grants than its unit gives: mpyctl enable --image %s %s",
                   app, path, app);
    }
}

static int install_by_unit(const char *app, const char *image, bool waits) {
    CLEANUP(updating_done) struct updating updating = UPDATING_INIT;
    struct slots slots = SLOTS_INIT;
    int r = updating_open(app, &updating);

    updating.image = image;
    if (r == CTL_DONE) {
        r = leave(&updating, image);
    }
    if (r == CTL_DONE) {
        r = updating_apply(&updating, &slots);
    }
    if (r == CTL_DONE) {
        r = tell(&updating, &slots, waits);
        hint(app, image);
    }
    return r;
}

int install_run(const struct verb_arguments *arguments) {
    const char *image = arguments->operands[0];
    char app[NAMING_SIZE];

    if (!naming_choose(image, arguments->values[OPTION_NAME], app)) {
        return CTL_USAGE;
    }
    return updating_has_systemd() ? install_by_unit(app, image, !arguments->values[OPTION_NO_WAIT])
                                  : updating_become("install", app, image);
}

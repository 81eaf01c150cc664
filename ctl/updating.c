// SPDX-License-Identifier: MIT
#include "ctl/updating.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/fd.h"
#include "base/log.h"
#include "ctl/place.h"
#include "ctl/print.h"
#include "ctl/program.h"
#include "ctl/unit.h"
#include "ctl/verb.h"
#include "image/places.h"
#include "image/signature.h"
#include "image/slots-file.h"
#include "version.h"

#define SYSTEMD_RUNS "/run/systemd/system" /* sd_booted(3) */
#define PROGRAM "mpyd-update"
#define INCOMING_MODE 02770 /* for the group of the directory above */
#define OPEN_TRIES 16u
#define TICK_NSEC 200000000l
#define DOWN_TICKS 5u
#define UNIT_SIZE 64

bool updating_has_systemd(void) {
    return access(SYSTEMD_RUNS, F_OK) == 0;
}

int updating_become(const char *verb, const char *app, const char *image) {
    const char *installed = MPYD_LIBEXEC "/" PROGRAM;
    const char *words[] = {access(installed, X_OK) == 0 ? installed : PROGRAM, verb, app, image,
                           NULL};

    return program_become(words);
}

static int read_slots(const char *app, struct slots *ret_slots) {
    char why[SLOTS_FILE_WHY_SIZE];
    int r = slots_file_read_app(PLACES_IMAGES, app, ret_slots, why);

    if (r < 0) {
        (void)log_errno(r, "%s: cannot read what is installed", app);
        return CTL_INTERNAL;
    }
    return CTL_DONE; // what is damaged is told by who mends it
}

// -- the incoming directory ----------------------------------------------------------------------

static int fail_open(const char *app, int error) {
    if (error == EWOULDBLOCK) {
        log_error("%s: somebody else is installing an image of it just now; try again later", app);
        return CTL_FAILED;
    }
    if (error == EACCES || error == EPERM) {
        log_error("%s: only root and the group mpyd may install images", app);
        return CTL_DENIED;
    }
    if (error == ENOENT) {
        log_error("there is no " PLACES_INCOMING "; systemd-tmpfiles --create makes it");
        return CTL_FAILED;
    }
    if (error == ENOTDIR) {
        log_error(PLACES_INCOMING "/%s: a link or a file, not the directory it is to be; look who "
                                  "put it there, and remove it",
                  app);
        return CTL_FAILED;
    }
    (void)log_errno(error, "cannot open " PLACES_INCOMING "/%s", app);
    return CTL_INTERNAL;
}

// Returns -ESTALE if it is gone, removed by who was done with it just now.
static int lock(int folder, const char *app, int *ret_fd) {
    CLEANUP_FD int fd = -1;
    struct stat locked, there;
    int r = fd_open_here(folder, app, S_IFDIR, &fd);

    if (r == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0) {
        r = -errno;
    }
    if (r == 0 &&
        (fstat(fd, &locked) < 0 || fstatat(folder, app, &there, AT_SYMLINK_NOFOLLOW) < 0 ||
         locked.st_ino != there.st_ino)) {
        r = -ESTALE;
    }
    if (r == 0) {
        *ret_fd = steal_fd(&fd);
    }
    return r == -ENOENT ? -ESTALE : r;
}

// All who may install can write to what this stands in: a link must not lead root elsewhere.
static int open_incoming(const char *app, int *ret_fd) {
    CLEANUP_FD int folder = open(PLACES_INCOMING, O_PATH | O_DIRECTORY | O_CLOEXEC);
    mode_t mask = umask(0007);
    int r = folder < 0 ? -errno : 0;

    if (r == 0 && mkdirat(folder, app, INCOMING_MODE) < 0 && errno != EEXIST) {
        r = -errno;
    }
    (void)umask(mask);
    return r < 0 ? r : lock(folder, app, ret_fd);
}

static int remove_file(const struct updating *updating, const char *name, const char *suffix) {
    char file[NAMING_SIZE + sizeof(PLACES_IMAGE_SUFFIX SIGNATURE_SUFFIX)];

    (void)snprintf(file, sizeof(file), "%s%s", name, suffix);
    return durable_remove(updating->incoming, file);
}

// What somebody wanted whom systemd denied it, or who was cut off, is not to be done in place of
// what is wanted now.
static int forget(const struct updating *updating) {
    int r = remove_file(updating, PLACES_ROLL_BACK, "");

    if (r == 0) {
        r = remove_file(updating, updating->app, PLACES_IMAGE_SUFFIX);
    }
    return r < 0 ? r : remove_file(updating, updating->app, PLACES_IMAGE_SUFFIX SIGNATURE_SUFFIX);
}

int updating_open(const char *app, struct updating *updating) {
    int r = -ESTALE;

    updating->app = app;
    for (unsigned i = 0; r == -ESTALE && i < OPEN_TRIES; i++) {
        r = open_incoming(app, &updating->incoming);
    }
    if (r == 0) {
        r = forget(updating);
    }
    return r < 0 ? fail_open(app, -r) : read_slots(app, &updating->before);
}

// Removed while it is locked: who has opened it meanwhile notices.
void updating_done(struct updating *updating) {
    char path[sizeof(PLACES_INCOMING "/") + NAMING_SIZE];

    if (updating->incoming < 0) {
        return;
    }
    (void)forget(updating);
    (void)snprintf(path, sizeof(path), PLACES_INCOMING "/%s", updating->app);
    (void)rmdir(path); // what else somebody has put there stays
    updating->incoming = close_fd(updating->incoming);
}

// -- the unit ------------------------------------------------------------------------------------

// What systemctl says of PROPERTY of the unit, without its newline.
static int ask(const char *unit, const char *property, char *text, size_t size) {
    const char *words[] = {"systemctl", "show", "--value", property, "--", unit, NULL};
    CLEANUP(file_done) struct file answer = FILE_INIT;
    int r = program_read(words, true, &answer);

    if (r != 0 || !answer.data) {
        return -EIO;
    }
    (void)snprintf(text, size, "%.*s", (int)strcspn((const char *)answer.data, "\n"),
                   (const char *)answer.data);
    return 0;
}

// LINE, in which the copy of an image that the unit verifies has the name of what was copied.
static void repeat_line(const struct updating *updating, const char *line) {
    char copy[sizeof(PLACES_IMAGES "//new/" PLACES_IMAGE_SUFFIX) + 2 * NAMING_SIZE];
    const char *found;

    (void)snprintf(copy, sizeof(copy), PLACES_IMAGES "/%s/new/%s" PLACES_IMAGE_SUFFIX,
                   updating->app, updating->app);
    found = updating->image ? strstr(line, copy) : NULL;
    if (found) {
        log_error("%.*s%s%s", (int)(found - line), line, updating->image, found + strlen(copy));
    } else {
        log_error("%s", line);
    }
}

// What the unit's program said, which is in the journal alone; systemd's own words about it, of a
// credential that is not there, are none of the reason. The program says itself in which invocation
// it spoke: the journal may come to look only when it has ended.
static void repeat(const struct updating *updating, const char *unit) {
    const char *sync[] = {"journalctl", "--sync", NULL};
    char invocation[64] = "", match[128];
    const char *words[] = {"journalctl",   "--quiet", "--no-pager",
                           "--output=cat", match,     "SYSLOG_IDENTIFIER=" PROGRAM,
                           "_UID=0",       NULL};
    CLEANUP(file_done) struct file said = FILE_INIT;

    if (ask(unit, "--property=InvocationID", invocation, sizeof(invocation)) == 0) {
        (void)snprintf(match, sizeof(match), "INVOCATION_ID=%s", invocation);
        (void)program_run(sync);
        if (program_read(words, true, &said) == 0 && said.size > 0) {
            for (char *line = (char *)said.data, *end; *line; line = end + 1) {
                end = strchr(line, '\n');
                if (!end) {
                    break;
                }
                *end = '\0';
                repeat_line(updating, line);
            }
            return;
        }
    }
    log_error("cannot read what it said; see journalctl --unit %s", unit);
}

static int fail_unit(const struct updating *updating, const char *unit) {
    CLEANUP(file_done) struct file ignored = FILE_INIT;
    const char *forget[] = {"systemctl", "reset-failed", "--quiet", "--", unit, NULL};
    char text[16] = "";
    int status = CTL_INTERNAL;

    if (ask(unit, "--property=ExecMainStatus", text, sizeof(text)) == 0) {
        status = (int)strtol(text, NULL, 10);
    }
    repeat(updating, unit);
    (void)program_read(forget, true,
                       &ignored); // it has been told: the machine is none the worse for it
    return status >= CTL_FAILED && status <= CTL_LOCKED ? status : CTL_INTERNAL;
}

int updating_apply(const struct updating *updating, struct slots *ret_slots) {
    char unit[UNIT_SIZE];
    const char *words[] = {"systemctl", "start", "--quiet", "--", unit, NULL};
    int r;

    (void)snprintf(unit, sizeof(unit), "mpyd-install@%s.service", updating->app);
    r = program_run(words);
    if (r == PROGRAM_SYSTEMCTL_DENIED) { // which it has said
        return CTL_DENIED;
    }
    if (r != 0) {
        return fail_unit(updating, unit);
    }
    return read_slots(updating->app, ret_slots);
}

// -- the trial -----------------------------------------------------------------------------------

// Of one that is yet to be tried, because its unit does not run: whose turn it is.
static void tell_start(const char *app, const struct unit *unit) {
    bool is_enabled = strcmp(unit->enabled, "enabled") == 0;

    print_line("%s: it does not run on this machine: mpyctl %s %s starts it%s", app,
               is_enabled ? "start" : "enable --now", app,
               is_enabled ? "" : ", now and whenever the machine starts");
}

int updating_wait(const struct updating *updating, enum slots_place place) {
    const struct timespec pause = {.tv_nsec = TICK_NSEC};
    struct slots slots = SLOTS_INIT;
    struct unit unit = UNIT_UNKNOWN;
    unsigned n_down = 0; // in a row: between the two halves of a restart it is, for a moment
    int r;

    while ((r = read_slots(updating->app, &slots)) == CTL_DONE && slots.trial == place &&
           n_down < DOWN_TICKS) {
        n_down = unit_read_app(updating->app, &unit) && unit_is_up(&unit) ? 0 : n_down + 1;
        (void)nanosleep(&pause, NULL);
    }
    if (r != CTL_DONE) {
        return r;
    }
    print_line("%s: %s", updating->app, slots.event);
    if (slots.trial == place) {
        tell_start(updating->app, &unit);
    }
    return slots.good == place || slots.trial == place ? CTL_DONE : CTL_FAILED;
}

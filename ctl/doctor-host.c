// SPDX-License-Identifier: MIT

// mpyctl doctor: keys, units, apps, storage, clock.

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "ctl/credential.h"
#include "ctl/doctor.h"
#include "ctl/granted.h"
#include "ctl/program.h"
#include "ctl/span.h"
#include "ctl/verb.h"
#include "ctl/view.h"
#include "image/floor.h"
#include "image/key.h"
#include "image/places.h"

#define ROLLED_BACK "rolled back" /* how what is told of the slots begins then */
#define ON_REQUEST "as asked for"
#define REMEDY_SIZE 128
#define AS_ROOT "run mpyctl doctor as root"
#define SYSTEMD_MIN 252
#define FREE_MIN (64ull << 20)
#define YEAR_MIN 2026 /* mpyd is no older: a clock before that was never set */

// -- keys ----------------------------------------------------------------------------------------

// Of a user who may not read them all.
static void find_hidden_keys(struct doctor *doctor, const struct keys *keys) {
    doctor_find(doctor, DOCTOR_NOTE, AS_ROOT,
                "%zu trusted keys can be read; which others there are, only root may see",
                keys->n_items);
}

static bool is_hidden(const char *path) {
    return access(path, R_OK | X_OK) < 0 && errno == EACCES;
}

void doctor_check_keys(struct doctor *doctor) {
    CLEANUP(keys_done) struct keys keys = {0};
    bool are_hidden = is_hidden(KEY_DIRECTORY) || is_hidden(KEY_PACKAGES);
    char why[KEY_WHY_SIZE];
    int r = are_hidden ? 0 : keys_read(NULL, &keys, why);

    if (are_hidden || (keys.n_refused > 0 && geteuid() != 0)) {
        find_hidden_keys(doctor, &keys);
    } else if (r != 0) {
        doctor_find(doctor, DOCTOR_PROBLEM,
                    "no signed app starts before that is mended; mpyd(8) says what a key may be",
                    "%s", r < 0 ? strerror(-r) : why);
    } else if (keys.n_items == 0) {
        doctor_find(
            doctor, DOCTOR_PROBLEM,
            "an app's package brings its own; mpyd(8), TRUST, says what goes into " KEY_DIRECTORY,
            "no key is trusted: no app starts");
    } else {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "%zu trusted in %s", keys.n_items, keys.directory);
    }
    if (keys.n_refused > 0 && geteuid() == 0) {
        doctor_find(doctor, DOCTOR_NOTE, "mend or remove what standard error names",
                    "%zu more there count for nothing", keys.n_refused);
    }
}

// -- units ---------------------------------------------------------------------------------------

// "systemd 252 (252.39-1~deb12u2)"
static uint64_t read_systemd_version(void) {
    static const char *const arguments[] = {"systemctl", "--version", NULL};
    CLEANUP(file_done) struct file output = FILE_INIT;
    char number[16];
    uint64_t version = 0;

    if (program_read(arguments, true, &output) == 0 &&
        sscanf((const char *)output.data, "systemd %15[0-9]", number) == 1) {
        (void)parse_u64(number, 0, UINT32_MAX, &version);
    }
    return version;
}

static bool has_booted(void) {
    struct stat info;

    return stat("/run/systemd/system", &info) == 0;
}

static void check_template(struct doctor *doctor) {
    const struct place place = {.name = "template"};
    struct unit unit = UNIT_UNKNOWN;

    if (unit_read(&place, 1, &unit) == CTL_DONE && unit.is_known) {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "mpyd@.service is installed");
    } else {
        doctor_find(
            doctor, DOCTOR_PROBLEM,
            "install mpyd's units where systemd looks for them, then systemctl daemon-reload",
            "systemd does not know mpyd@.service");
    }
}

static void check_group(struct doctor *doctor) {
    if (getgrnam("mpyd")) {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "the group mpyd, which may administer apps");
    } else {
        doctor_find(doctor, DOCTOR_NOTE, "systemd-sysusers makes it from mpyd's sysusers.d file",
                    "there is no group mpyd: only root may administer apps");
    }
}

void doctor_check_units(struct doctor *doctor) {
    uint64_t version = has_booted() ? read_systemd_version() : 0;

    check_group(doctor);
    if (!has_booted()) {
        doctor_find(doctor, DOCTOR_NOTE, "mpyd run IMAGE runs an app without; units need systemd",
                    "this machine does not run systemd");
        return;
    }
    if (version < SYSTEMD_MIN) {
        doctor_find(doctor, DOCTOR_PROBLEM, "mpyd's units are for systemd from 252 on",
                    "systemd is of version %" PRIu64, version);
    } else {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "systemd %" PRIu64, version);
    }
    check_template(doctor);
}

// -- apps ----------------------------------------------------------------------------------------

static void find_app(struct doctor *doctor, const struct view *view) {
    int r = view_exit(view);
    const char *event = view->slots.event;
    bool is_at_rest = r == CTL_NOT_RUNNING && strcmp(view->unit.enabled, "enabled") != 0;

    if (view->slots_why) {
        doctor_find(doctor, DOCTOR_PROBLEM, "mpyctl install has an image that is known to be good",
                    "%s: %s", view_name(view), view->slots_why);
    }
    if (strncmp(event, ROLLED_BACK, strlen(ROLLED_BACK)) == 0 && !strstr(event, ON_REQUEST)) {
        doctor_find(doctor, DOCTOR_NOTE, "mpyctl crash and mpyctl logs say why it did not do",
                    "%s %s", view_name(view), event);
    }
    if (r == CTL_DONE || is_at_rest) {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "%s is %s", view_name(view), view->state);
        return;
    }
    doctor_find(doctor, r == CTL_DENIED ? DOCTOR_NOTE : DOCTOR_PROBLEM,
                view->remedy ? view->remedy : "mpyctl status and mpyctl logs say more",
                "%s is %s%s%s", view_name(view), view->state, view->reason ? ": " : "",
                view->reason ? view->reason : "");
}

static void find_hidden(struct doctor *doctor, const char *app) {
    doctor_find(doctor, DOCTOR_NOTE, AS_ROOT,
                "%s: whether its unit gives what its image asks for, only root may see", app);
}

// What the image that its unit starts asks for, against its configuration and what the unit gives.
static void find_granted(struct doctor *doctor, const char *app) {
    CLEANUP(granted_image_done) struct granted_image image = GRANTED_IMAGE_INIT;
    CLEANUP(granted_done) struct granted granted = GRANTED_INIT;
    char remedy[REMEDY_SIZE];
    int r = granted_read_image(app, NULL, &image);

    if (r == CTL_DONE) {
        r = granted_make(&image, &granted);
    }
    if (r != CTL_DONE) { // which has said why
        (void)snprintf(remedy, sizeof(remedy), "mend that; mpyctl config show %s may help", app);
        doctor_find(doctor, DOCTOR_PROBLEM, remedy, "%s: its image %s", app,
                    r == CTL_CONFIG ? "is not started with its configuration" : "cannot be read");
        return;
    }
    switch (granted_compare(&granted, app)) {
    case GRANTED_STALE:
        (void)snprintf(remedy, sizeof(remedy), "mpyctl enable %s, then mpyctl restart --full %s",
                       app, app);
        doctor_find(doctor, DOCTOR_PROBLEM, remedy,
                    "%s: its unit does not give what image and configuration say now", app);
        break;
    case GRANTED_CURRENT:
        doctor_find(doctor, DOCTOR_GOOD, NULL, "%s: its unit gives what its image asks for", app);
        break;
    case GRANTED_UNKNOWN:
        find_hidden(doctor, app);
        break;
    case GRANTED_NOWHERE:
        doctor_find(doctor, DOCTOR_GOOD, NULL, "%s: its image may have what it is configured to",
                    app);
    }
}

// Whether the key of the image is where it cannot be taken from: systemd may decrypt it for the
// unit alone, and a store may be closed to this user. PLACE is of its key.
static bool is_locked(const struct granted_image *image, enum credential_place place) {
    CLEANUP(image_file_done) struct image_file file = IMAGE_FILE_INIT;

    return !image->key_file && place != CREDENTIAL_ABSENT && place != CREDENTIAL_PLAIN &&
           image_file_load(image->path, NULL, &file) == CTL_LOCKED;
}

// Only root may read images, and perhaps configurations.
static void find_grants(struct doctor *doctor, const char *app) {
    struct granted_image image = GRANTED_IMAGE_INIT;
    enum credential_place key = credential_find(app, "image-key");
    char config[REMEDY_SIZE];
    int r = granted_find_image(app, &image);

    (void)snprintf(config, sizeof(config), "/etc/mpyd/%s.conf", app);
    if (r == CTL_FAILED && !granted_is_enabled(app)) {
        return; // it runs from somewhere else
    }
    if (r == CTL_DENIED || (access(config, R_OK) < 0 && errno == EACCES)) {
        find_hidden(doctor, app);
    } else if (r == CTL_DONE && is_locked(&image, key)) {
        doctor_find(
            doctor, DOCTOR_NOTE,
            key == CREDENTIAL_UNKNOWN ? AS_ROOT : "mpyctl status says how its unit does",
            "%s: its image is encrypted, and its key is %s: what it asks for cannot be told", app,
            key == CREDENTIAL_UNKNOWN ? "for root alone to see" : "for systemd to decrypt");
    } else {
        find_granted(doctor, app);
    }
}

void doctor_check_apps(struct doctor *doctor) {
    CLEANUP_FREE struct place *places = NULL;
    struct view *views = NULL;
    size_t n = 0;
    int r = place_list(&places, &n);

    if (r == CTL_DONE) {
        r = view_read(places, n, &views);
    }
    if (r != CTL_DONE || n == 0) {
        doctor_find(doctor, DOCTOR_NOTE, "mpyctl install IMAGE installs one",
                    "no app is running, installed or enabled");
    }
    for (size_t i = 0; r == CTL_DONE && i < n; i++) {
        find_app(doctor, &views[i]);
        find_grants(doctor, view_name(&views[i]));
    }
    view_free(views, r == CTL_DONE ? n : 0);
}

// -- storage -------------------------------------------------------------------------------------

static void check_directory(struct doctor *doctor, const char *path, const char *what) {
    uint64_t free_bytes;
    struct statvfs info;
    char text[SPAN_SIZE];

    if (statvfs(path, &info) < 0) {
        if (errno == EACCES && geteuid() != 0) {
            doctor_find(doctor, DOCTOR_NOTE, AS_ROOT, "%s, for %s, only root may look at", path,
                        what);
        } else if (errno != ENOENT) {
            doctor_find(doctor, DOCTOR_PROBLEM, "root has to be able to look at it",
                        "%s cannot be looked at: %s", path, strerror(errno));
        }
        return;
    }
    free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    if (info.f_flag & ST_RDONLY) {
        doctor_find(doctor, DOCTOR_PROBLEM, "mount it writable: mount -o remount,rw",
                    "%s, for %s, is on a file system that is read-only", path, what);
    } else if (free_bytes < FREE_MIN || info.f_favail == 0) {
        doctor_find(doctor, DOCTOR_PROBLEM,
                    "make room: apps get ENOSPC when they write, and updates are refused",
                    "%s, for %s, has %s left and %" PRIu64 " inodes", path, what,
                    span_bytes(free_bytes, text), (uint64_t)info.f_favail);
    } else {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "%s, for %s, has %s left", path, what,
                    span_bytes(free_bytes, text));
    }
}

void doctor_check_storage(struct doctor *doctor) {
    check_directory(doctor, "/var/lib", "what apps store");
    check_directory(doctor, PLACES_IMAGES, "images");
    check_directory(doctor, FLOOR_DIRECTORY, "the least counters");
    check_directory(doctor, "/run", "control sockets");
}

// -- clock ---------------------------------------------------------------------------------------

static void check_source(struct doctor *doctor) {
    static const char path[] = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    CLEANUP(file_done) struct file source = FILE_INIT;
    struct stat info;

    if (stat(path, &info) < 0 || file_read(path, "the clock source", 64, &source) < 0) {
        return;
    }
    source.data[strcspn((const char *)source.data, "\n")] = '\0';
    if (strcmp((const char *)source.data, "hpet") == 0 ||
        strcmp((const char *)source.data, "acpi_pm") == 0) {
        doctor_find(doctor, DOCTOR_NOTE, "dmesg says why the kernel distrusts the processor's",
                    "the clock source is %s: asking for the time is slow", source.data);
    } else {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "the clock source is %s", source.data);
    }
}

void doctor_check_clock(struct doctor *doctor) {
    struct timex state = {0};
    time_t now = time(NULL);
    struct tm utc = {0};

    if (!gmtime_r(&now, &utc) || utc.tm_year + 1900 < YEAR_MIN) {
        doctor_find(doctor, DOCTOR_PROBLEM,
                    "set it, or have systemd-timesyncd do so; logs and apps go by it",
                    "the clock was never set: the year is %d", utc.tm_year + 1900);
    } else if (adjtimex(&state) < 0 || (state.status & STA_UNSYNC)) {
        doctor_find(doctor, DOCTOR_NOTE, "timedatectl set-ntp true, or another NTP client",
                    "the clock is not synchronised with any other");
    } else {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "the clock is synchronised");
    }
    check_source(doctor);
}

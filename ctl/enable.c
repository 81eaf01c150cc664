// SPDX-License-Identifier: MIT

// mpyctl enable and disable: an app is started with the machine, by a unit that has what the image
// is granted and nothing else. What only root may open must be there before mpyd has dropped all
// rights: systemd opens it, told by files that are written here.

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/credential.h"
#include "ctl/granted.h"
#include "ctl/print.h"
#include "ctl/program.h"
#include "ctl/updating.h"
#include "ctl/verbs.h"
#include "version.h"

enum { ENABLE_NOW, ENABLE_IMAGE, ENABLE_UNITS };
enum { DISABLE_NOW, DISABLE_UNITS };

const struct verb_option enable_options[] = {
    [ENABLE_NOW] = {"now", NULL, "start it as well"},
    [ENABLE_IMAGE] = {"image", "IMAGE", "go by this image, not by the one that is installed"},
    [ENABLE_UNITS] = {"units", "DIR",
                      "write to DIR, not " GRANTED_UNITS ", and leave systemd alone"},
    {0},
};

const struct verb_option disable_options[] = {
    [DISABLE_NOW] = {"now", NULL, "stop it as well"},
    [DISABLE_UNITS] = {"units", "DIR",
                       "remove from DIR, not " GRANTED_UNITS ", and leave systemd alone"},
    {0},
};

// -- where they are written ----------------------------------------------------------------------

struct units {
    char drop_ins[64], sockets[64]; /* names: of the directory, of the unit of the ports */
    int directory, drop_in_directory;
};

static void units_done(struct units *units) {
    close_fd(units->directory);
    close_fd(units->drop_in_directory);
}

static int refuse_to(const char *what, const char *where, int error) {
    (void)log_errno(error, "cannot %s %s", what, where);
    return error == -EACCES || error == -EPERM ? CTL_DENIED : CTL_INTERNAL;
}

static int units_open(const char *path, const char *app, bool makes, struct units *ret_units) {
    const char *where = path ? path : GRANTED_UNITS;
    int r = 0;

    *ret_units = (struct units){.directory = -1, .drop_in_directory = -1};
    (void)snprintf(ret_units->drop_ins, sizeof(ret_units->drop_ins), "mpyd@%s.service.d", app);
    (void)snprintf(ret_units->sockets, sizeof(ret_units->sockets), "mpyd-ports@%s.socket", app);
    ret_units->directory = open(where, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ret_units->directory < 0) {
        return refuse_to("open", where, -errno);
    }
    if (makes) {
        r = durable_directory(ret_units->directory, ret_units->drop_ins, 0755,
                              &ret_units->drop_in_directory);
    } else {
        ret_units->drop_in_directory =
            openat(ret_units->directory, ret_units->drop_ins, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    }
    return r < 0 ? refuse_to("make", ret_units->drop_ins, r) : CTL_DONE;
}

// -- writing -------------------------------------------------------------------------------------

static int write_text(int directory, const char *name, const char *text) {
    int r = durable_write(directory, name, text, strlen(text), 0644);

    return r < 0 ? refuse_to("write", name, r) : CTL_DONE;
}

static int remove_file(int directory, const char *name) {
    int r = durable_remove(directory, name);

    return r < 0 ? refuse_to("remove", name, r) : CTL_DONE;
}

static int write_sockets(const struct units *units, const char *app,
                         const struct granted *granted) {
    if (granted->left_out) {
        log_warning("%s: ports of %s are not opened for it: a network, too many, or no address; "
                    "name those it needs in [grants] listen of its configuration",
                    app, granted->left_out);
    }
    if (!granted->sockets) {
        return remove_file(units->directory, units->sockets);
    }
    return write_text(units->directory, units->sockets, granted->sockets);
}

static int write_no_network(const struct units *units, bool has_network) {
    int r = remove_file(units->drop_in_directory, GRANTED_NO_NETWORK);

    if (r == CTL_DONE && !has_network &&
        symlinkat(MPYD_LIBEXEC "/" GRANTED_NO_NETWORK, units->drop_in_directory,
                  GRANTED_NO_NETWORK) < 0) {
        r = refuse_to("write", GRANTED_NO_NETWORK, -errno);
    }
    return r;
}

static int write_units(const struct units *units, const char *app, const struct granted *granted) {
    int r = write_text(units->drop_in_directory, GRANTED_DROP_IN, granted->service);

    if (r == CTL_DONE) {
        r = write_sockets(units, app, granted);
    }
    return r == CTL_DONE ? write_no_network(units, granted->has_network) : r;
}

// Those that have to be there when the service starts; the administrator may bring them later.
static void tell_credentials(const struct manifest *manifest) {
    for (size_t i = 0; i < manifest->credentials.n_items; i++) {
        const char *name = manifest->credentials.items[i];

        if (credential_find(manifest->name, name) == CREDENTIAL_ABSENT) {
            log_warning("%s: wants the credential %s: put it into " CREDENTIAL_STORE "/mpyd.%s.%s",
                        manifest->name, name, manifest->name, name);
        }
    }
}

// -- the verbs -----------------------------------------------------------------------------------

// What systemctl says it says itself.
static int run_systemctl(const char *verb, bool now, const char *unit, const char *other) {
    const char *words[6] = {"systemctl", verb};
    size_t n = 2;
    int r;

    if (now) {
        words[n++] = "--now";
    }
    if (unit) {
        words[n++] = unit;
    }
    if (other) {
        words[n++] = other;
    }
    r = program_run(words);
    if (r < 0) {
        (void)log_errno(r, "cannot run systemctl");
        return CTL_INTERNAL;
    }
    return r == 0 ? CTL_DONE : CTL_FAILED;
}

static int reload_manager(void) {
    return updating_has_systemd() ? run_systemctl("daemon-reload", false, NULL, NULL) : CTL_DONE;
}

static int check_name(const char *app) {
    if (parse_is_app_name(app)) {
        return CTL_DONE;
    }
    log_error("%s is not a name for an app", app);
    return CTL_USAGE;
}

int enable_run(const struct verb_arguments *arguments) {
    const char *app = arguments->operands[0], *path = arguments->values[ENABLE_UNITS];
    CLEANUP(granted_image_done) struct granted_image image = GRANTED_IMAGE_INIT;
    CLEANUP(granted_done) struct granted granted = GRANTED_INIT;
    CLEANUP(units_done) struct units units = {.directory = -1, .drop_in_directory = -1};
    char unit[64];
    int r = check_name(app);

    if (r == CTL_DONE) {
        r = granted_read_image(app, arguments->values[ENABLE_IMAGE], &image);
    }
    if (r == CTL_DONE) {
        r = granted_make(&image, &granted);
    }
    if (r == CTL_DONE) {
        if (granted.files[0] != '\0') {
            print_text(granted.files);
        }
        r = units_open(path, app, true, &units);
    }
    if (r == CTL_DONE) {
        r = write_units(&units, app, &granted);
    }
    if (r == CTL_DONE && !path) {
        r = reload_manager();
    }
    if (r != CTL_DONE || path) {
        return r;
    }
    tell_credentials(&image.file.image.manifest);
    (void)snprintf(unit, sizeof(unit), "mpyd@%s.service", app);
    return run_systemctl("enable", arguments->values[ENABLE_NOW], "mpyd.service", unit);
}

static int remove_units(const struct units *units) {
    int r = remove_file(units->directory, units->sockets);

    if (r == CTL_DONE && units->drop_in_directory >= 0) {
        r = remove_file(units->drop_in_directory, GRANTED_DROP_IN);
        if (r == CTL_DONE) {
            r = remove_file(units->drop_in_directory, GRANTED_NO_NETWORK);
        }
        (void)durable_remove(units->directory, units->drop_ins); // unless others are in it
    }
    return r;
}

int disable_run(const struct verb_arguments *arguments) {
    const char *app = arguments->operands[0], *path = arguments->values[DISABLE_UNITS];
    CLEANUP(units_done) struct units units = {.directory = -1, .drop_in_directory = -1};
    char unit[64];
    int r = check_name(app);

    (void)snprintf(unit, sizeof(unit), "mpyd@%s.service", app);
    if (r == CTL_DONE && !path) {
        r = run_systemctl("disable", arguments->values[DISABLE_NOW], unit, NULL);
    }
    if (r == CTL_DONE) {
        r = units_open(path, app, false, &units);
    }
    if (r == CTL_DONE) {
        r = remove_units(&units);
    }
    return r == CTL_DONE && !path ? reload_manager() : r;
}

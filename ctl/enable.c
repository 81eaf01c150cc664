// SPDX-License-Identifier: MIT

// mpyctl enable and disable: an app is started with the machine, by a unit that has what the image
// is granted and nothing else. What only root may open must be there before mpyd has dropped all
// rights: systemd opens it, told by files that are written here.

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/durable.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/config-read.h"
#include "ctl/image-file.h"
#include "ctl/program.h"
#include "ctl/reply.h"
#include "ctl/unit-file.h"
#include "ctl/updating.h"
#include "ctl/verbs.h"
#include "image/places.h"
#include "image/slots-file.h"
#include "version.h"

#define UNITS "/etc/systemd/system"
#define DROP_IN "50-mpyd-grants.conf"
#define NO_NETWORK "10-no-network.conf"
#define CREDENTIALS "/etc/credstore"
#define LISTEN_MAX 256

enum { ENABLE_NOW, ENABLE_IMAGE, ENABLE_UNITS };
enum { DISABLE_NOW, DISABLE_UNITS };

const struct verb_option enable_options[] = {
    [ENABLE_NOW] = {"now", NULL, "start it as well"},
    [ENABLE_IMAGE] = {"image", "IMAGE", "go by this image, not by the one that is installed"},
    [ENABLE_UNITS] = {"units", "DIR", "write to DIR, not " UNITS ", and leave systemd alone"},
    {0},
};

const struct verb_option disable_options[] = {
    [DISABLE_NOW] = {"now", NULL, "stop it as well"},
    [DISABLE_UNITS] = {"units", "DIR", "remove from DIR, not " UNITS ", and leave systemd alone"},
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
    const char *where = path ? path : UNITS;
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

// -- what the app wants --------------------------------------------------------------------------

// The grants to listen that count: the manifest's, or what the configuration leaves of them.
struct listen {
    char *text; /* of the configuration, cut up; NULL: the manifest counts */
    const char *items[LISTEN_MAX];
    size_t n_items;
};

static struct json_object *setting(struct json_object *config, const char *section,
                                   const char *key) {
    struct json_object *found;

    for (size_t i = 0; (found = reply_member(config, "settings", i)); i++) {
        if (strcmp(reply_text_or(found, "section", ""), section) == 0 &&
            strcmp(reply_text_or(found, "key", ""), key) == 0) {
            return found;
        }
    }
    return NULL;
}

static int read_listen(const struct manifest *manifest, const char *configured,
                       struct listen *ret_listen) {
    char *rest = NULL;

    *ret_listen = (struct listen){0};
    if (!configured) {
        for (size_t i = 0; i < manifest->listen.n_items && i < LISTEN_MAX; i++) {
            ret_listen->items[ret_listen->n_items++] = manifest->listen.items[i];
        }
        return CTL_DONE;
    }
    ret_listen->text = strdup(configured);
    if (!ret_listen->text) {
        (void)log_errno(ENOMEM, "cannot read the configuration");
        return CTL_INTERNAL;
    }
    for (char *item = strtok_r(ret_listen->text, ", ", &rest);
         item && ret_listen->n_items < LISTEN_MAX; item = strtok_r(NULL, ", ", &rest)) {
        ret_listen->items[ret_listen->n_items++] = item;
    }
    return CTL_DONE;
}

static bool is_number(const char *text) {
    uint64_t number;

    return text && parse_u64(text, 0, UINT32_MAX, &number) == 0;
}

// -- writing -------------------------------------------------------------------------------------

static int write_text(int directory, const char *name, const char *text, size_t size) {
    int r = durable_write(directory, name, text, size, 0644);

    return r < 0 ? refuse_to("write", name, r) : CTL_DONE;
}

static int write_drop_in(const struct units *units, const struct unit_wants *wants) {
    CLEANUP_FREE char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);

    if (!file) {
        return refuse_to("write", DROP_IN, -errno);
    }
    unit_file_write_service(file, wants);
    if (fclose(file) == EOF) {
        return refuse_to("write", DROP_IN, -errno);
    }
    return write_text(units->drop_in_directory, DROP_IN, text, size);
}

static int remove_file(int directory, const char *name) {
    int r = durable_remove(directory, name);

    return r < 0 ? refuse_to("remove", name, r) : CTL_DONE;
}

static int write_sockets(const struct units *units, const struct unit_wants *wants) {
    CLEANUP_FREE char *text = NULL;
    const char *left_out = NULL;
    size_t size = 0;
    FILE *file = NULL;

    if (!unit_file_has_ports(wants)) {
        return remove_file(units->directory, units->sockets);
    }
    file = open_memstream(&text, &size);
    if (!file) {
        return refuse_to("write", units->sockets, -errno);
    }
    unit_file_write_sockets(file, wants, &left_out);
    if (fclose(file) == EOF) {
        return refuse_to("write", units->sockets, -errno);
    }
    if (left_out) {
        log_warning("%s: ports of %s are not opened for it: a network, or too many; name those it "
                    "needs in [grants] listen of its configuration",
                    wants->app, left_out);
    }
    return write_text(units->directory, units->sockets, text, size);
}

static int write_no_network(const struct units *units, bool has_network) {
    int r = remove_file(units->drop_in_directory, NO_NETWORK);

    if (r == CTL_DONE && !has_network &&
        symlinkat(MPYD_LIBEXEC "/" NO_NETWORK, units->drop_in_directory, NO_NETWORK) < 0) {
        r = refuse_to("write", NO_NETWORK, -errno);
    }
    return r;
}

static int write_units(const struct units *units, const struct manifest *manifest,
                       struct json_object *config) {
    const char *listen_text = reply_text(setting(config, "grants", "listen"), "value");
    const char *connect_text = reply_text(setting(config, "grants", "connect"), "value");
    const char *cpu = reply_text(setting(config, "sandbox", "cpu"), "value");
    bool connects = connect_text ? connect_text[0] != '\0' : manifest->connect.n_items > 0;
    struct listen listen;
    int r = read_listen(manifest, listen_text, &listen);
    const struct unit_wants wants = {
        .app = manifest->name,
        .version = manifest->version,
        .memory = manifest->heap_size + manifest->stack_size + manifest->arena_size,
        .cpu = is_number(cpu) ? cpu : NULL,
        .credentials = (const char *const *)manifest->credentials.items,
        .n_credentials = manifest->credentials.n_items,
        .listen = listen.items,
        .n_listen = listen.n_items,
    };

    if (r == CTL_DONE) {
        r = write_drop_in(units, &wants);
    }
    if (r == CTL_DONE) {
        r = write_sockets(units, &wants);
    }
    if (r == CTL_DONE) {
        r = write_no_network(units, connects || listen.n_items > 0);
    }
    free(listen.text);
    return r;
}

// -- which image ---------------------------------------------------------------------------------

#define PATH_SIZE 128

// That of the first place that mpyd-update would look at.
static int find_image(const char *app, char ret_path[PATH_SIZE]) {
    enum slots_place order[SLOTS_N];
    struct slots slots;
    char why[SLOTS_FILE_WHY_SIZE];
    size_t n;

    (void)slots_file_read_app(PLACES_IMAGES, app, &slots, why);
    n = slots_order(&slots, order);
    for (size_t i = 0; i < n; i++) {
        if (order[i] == SLOTS_VENDOR) {
            (void)snprintf(ret_path, PATH_SIZE, "%s/%s" PLACES_IMAGE_SUFFIX, PLACES_VENDOR, app);
        } else {
            (void)snprintf(ret_path, PATH_SIZE, "%s/%s/%s/%s" PLACES_IMAGE_SUFFIX, PLACES_IMAGES,
                           app, slots_name(order[i]), app);
        }
        if (access(ret_path, F_OK) == 0) {
            return CTL_DONE;
        }
    }
    log_error("%s: no image is installed; mpyctl install brings one", app);
    return CTL_FAILED;
}

static int load(const char *app, const char *named, struct image_file *ret_image) {
    char path[PATH_SIZE], key[PATH_SIZE];
    int r = named ? CTL_DONE : find_image(app, path);

    (void)snprintf(key, sizeof(key), CREDENTIALS "/mpyd.%s.image-key", app);
    if (r == CTL_DONE) {
        r = image_file_need(named ? named : path, access(key, F_OK) == 0 ? key : NULL, ret_image);
    }
    if (r == CTL_DONE && strcmp(ret_image->image.manifest.name, app) != 0) {
        log_error("%s: is of the app %s, not %s", named ? named : path,
                  ret_image->image.manifest.name, app);
        r = CTL_IMAGE;
    }
    return r;
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

static void config_put(struct json_object **config) {
    (void)json_object_put(*config);
}

int enable_run(const struct verb_arguments *arguments) {
    const char *app = arguments->operands[0], *path = arguments->values[ENABLE_UNITS];
    CLEANUP(image_file_done) struct image_file image = IMAGE_FILE_INIT;
    CLEANUP(config_put) struct json_object *config = NULL;
    CLEANUP(units_done) struct units units = {.directory = -1, .drop_in_directory = -1};
    char unit[64];
    int r = check_name(app);

    if (r == CTL_DONE) {
        r = load(app, arguments->values[ENABLE_IMAGE], &image);
    }
    if (r == CTL_DONE) {
        r = config_read(app, &config);
    }
    if (r == CTL_DONE) {
        r = units_open(path, app, true, &units);
    }
    if (r == CTL_DONE) {
        r = write_units(&units, &image.image.manifest, config);
    }
    if (r == CTL_DONE && !path) {
        r = reload_manager();
    }
    if (r != CTL_DONE || path) {
        return r;
    }
    (void)snprintf(unit, sizeof(unit), "mpyd@%s.service", app);
    return run_systemctl("enable", arguments->values[ENABLE_NOW], "mpyd.service", unit);
}

static int remove_units(const struct units *units) {
    int r = remove_file(units->directory, units->sockets);

    if (r == CTL_DONE && units->drop_in_directory >= 0) {
        r = remove_file(units->drop_in_directory, DROP_IN);
        if (r == CTL_DONE) {
            r = remove_file(units->drop_in_directory, NO_NETWORK);
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

// SPDX-License-Identifier: MIT
#include "ctl/granted.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/config-read.h"
#include "ctl/credential.h"
#include "ctl/file.h"
#include "ctl/granted-files.h"
#include "ctl/reply.h"
#include "ctl/unit-file.h"
#include "ctl/verb.h"
#include "image/places.h"
#include "image/slots-file.h"

#define LISTEN_MAX 256
#define TEXT_MAX (256u << 10)

// -- which image ---------------------------------------------------------------------------------

int granted_find_image(const char *app, struct granted_image *ret_image) {
    enum slots_place order[SLOTS_N];
    struct slots slots;
    char why[SLOTS_FILE_WHY_SIZE], *path = ret_image->found;
    size_t n;

    (void)slots_file_read_app(PLACES_IMAGES, app, &slots, why);
    n = slots_order(&slots, order); // the first that is there, as mpyd-update looks for it
    ret_image->path = path;
    (void)snprintf(ret_image->key, GRANTED_PATH_SIZE, CREDENTIAL_STORE "/mpyd.%s.image-key", app);
    ret_image->key_file = access(ret_image->key, F_OK) == 0 ? ret_image->key : NULL;
    for (size_t i = 0; i < n; i++) {
        if (order[i] == SLOTS_VENDOR) {
            (void)snprintf(path, GRANTED_PATH_SIZE, "%s/%s" PLACES_IMAGE_SUFFIX, PLACES_VENDOR,
                           app);
        } else {
            (void)snprintf(path, GRANTED_PATH_SIZE, "%s/%s/%s/%s" PLACES_IMAGE_SUFFIX,
                           PLACES_IMAGES, app, slots_name(order[i]), app);
        }
        if (access(path, F_OK) == 0) {
            return access(path, R_OK) == 0 ? CTL_DONE : CTL_DENIED;
        }
        if (errno == EACCES) {
            return CTL_DENIED;
        }
    }
    return CTL_FAILED;
}

int granted_read_image(const char *app, const char *named, struct granted_image *ret_image) {
    int r = granted_find_image(app, ret_image);

    if (named) {
        ret_image->path = named;
    } else if (r == CTL_FAILED) {
        log_error("%s: no image is installed; mpyctl install brings one", app);
        return r;
    } else if (r == CTL_DENIED) {
        log_error("%s: its image is for root to read, not for this user", app);
        return r;
    }
    r = image_file_need_native(ret_image->path, ret_image->key_file, &ret_image->file);
    if (r == CTL_DONE && strcmp(ret_image->file.image.manifest.name, app) != 0) {
        log_error("%s: is of the app %s, not %s", ret_image->path,
                  ret_image->file.image.manifest.name, app);
        r = CTL_IMAGE;
    }
    return r;
}

void granted_image_done(struct granted_image *image) {
    image_file_done(&image->file);
}

// -- what the configuration leaves ---------------------------------------------------------------

static void config_put(struct json_object **config) {
    (void)json_object_put(*config);
}

static const char *setting(struct json_object *config, const char *section, const char *key) {
    struct json_object *found;

    for (size_t i = 0; (found = reply_member(config, "settings", i)); i++) {
        if (strcmp(reply_text_or(found, "section", ""), section) == 0 &&
            strcmp(reply_text_or(found, "key", ""), key) == 0) {
            return reply_text(found, "value");
        }
    }
    return NULL;
}

// The grants to listen that count: the manifest's, or what the configuration leaves of them.
struct listen {
    char *text; /* of the configuration, cut up; NULL: the manifest counts */
    const char *items[LISTEN_MAX];
    size_t n_items;
};

static void listen_done(struct listen *listen) {
    free(listen->text);
}

static int read_listen(const struct manifest *manifest, const char *configured,
                       struct listen *ret_listen) {
    char *rest = NULL;

    *ret_listen = (struct listen){0};
    if (!configured) {
        for (size_t i = 0; i < manifest->listen.n_items && i < LISTEN_MAX; i++) {
            ret_listen->items[ret_listen->n_items++] = manifest->listen.items[i];
        }
        return 0;
    }
    ret_listen->text = strdup(configured);
    if (!ret_listen->text) {
        return -ENOMEM;
    }
    for (char *item = strtok_r(ret_listen->text, ", ", &rest);
         item && ret_listen->n_items < LISTEN_MAX; item = strtok_r(NULL, ", ", &rest)) {
        ret_listen->items[ret_listen->n_items++] = item;
    }
    return 0;
}

static bool read_number(const char *text, uint64_t *ret_number) {
    return text && parse_u64(text, 0, UINT32_MAX, ret_number) == 0;
}

// -- the text ------------------------------------------------------------------------------------

static int make_service(const struct unit_wants *wants, char **ret_text) {
    size_t size = 0;
    FILE *file = open_memstream(ret_text, &size);

    if (!file) {
        return -errno;
    }
    unit_file_write_service(file, wants);
    return fclose(file) == EOF ? -errno : 0;
}

static int make_sockets(const struct unit_wants *wants, struct granted *granted) {
    const char *left_out = unit_file_left_out(wants);
    size_t size = 0;
    FILE *file;

    granted->left_out = left_out ? strdup(left_out) : NULL;
    if (left_out && !granted->left_out) {
        return -ENOMEM;
    }
    if (!unit_file_has_ports(wants)) {
        return 0;
    }
    file = open_memstream(&granted->sockets, &size);
    if (!file) {
        return -errno;
    }
    unit_file_write_sockets(file, wants);
    return fclose(file) == EOF ? -errno : 0;
}

// Returns CTL_DONE, CTL_CONFIG or -errno.
static int read_files(const struct manifest *manifest, struct json_object *config,
                      struct granted *granted, struct granted_files *ret_files) {
    size_t size = 0;
    FILE *told = open_memstream(&granted->files, &size);
    int r = 0;

    if (!told) {
        return -errno;
    }
    r = granted_files_read(manifest, config, told, ret_files);
    return fclose(told) == EOF ? -errno : r;
}

// A bit for each credential that is kept encrypted.
static uint64_t find_encrypted(const struct manifest *manifest, struct granted *granted) {
    uint64_t found = 0;

    for (size_t i = 0; i < manifest->credentials.n_items; i++) {
        enum credential_place place =
            credential_find(manifest->name, manifest->credentials.items[i]);

        found |= (uint64_t)(place == CREDENTIAL_ENCRYPTED) << i;
        granted->is_guessed = granted->is_guessed || place == CREDENTIAL_UNKNOWN;
    }
    return found;
}

static int make(const struct manifest *manifest, struct json_object *config,
                const struct granted_files *files, struct granted *granted) {
    const char *connects = setting(config, "grants", "connect");
    const char *cpu = setting(config, "sandbox", "cpu");
    uint64_t number, quota = 0;
    CLEANUP(listen_done) struct listen listen = {0};
    int r = read_listen(manifest, setting(config, "grants", "listen"), &listen);
    bool has_quota = read_number(setting(config, "limits", "cpu"), &quota);
    const struct unit_wants wants = {
        .app = manifest->name,
        .memory = manifest->heap_size + manifest->stack_size + manifest->arena_size,
        .cpu = read_number(cpu, &number) ? cpu : NULL,
        .quota = has_quota ? quota : 0,
        .credentials = (const char *const *)manifest->credentials.items,
        .n_credentials = manifest->credentials.n_items,
        .encrypted = find_encrypted(manifest, granted),
        .files = files->items,
        .n_files = files->n_items,
        .listen = listen.items,
        .n_listen = listen.n_items,
    };

    granted->has_network =
        listen.n_items > 0 || (connects ? connects[0] != '\0' : manifest->connect.n_items > 0);
    if (r == 0) {
        r = make_service(&wants, &granted->service);
    }
    return r < 0 ? r : make_sockets(&wants, granted);
}

int granted_make(const struct granted_image *image, struct granted *ret_granted) {
    const struct manifest *manifest = &image->file.image.manifest;
    CLEANUP(granted_done) struct granted granted = GRANTED_INIT;
    CLEANUP(config_put) struct json_object *config = NULL;
    struct granted_files files = {.n_items = 0};
    int r = config_read(manifest->name, image->path, image->key_file, &config);

    if (r == CTL_DONE && reply_text(config, "refused")) {
        log_error("%s", reply_text(config, "refused"));
        r = CTL_CONFIG;
    }
    if (r == CTL_DONE) {
        r = read_files(manifest, config, &granted, &files);
    }
    if (r > 0) {
        return r;
    }
    r = r < 0 ? r : make(manifest, config, &files, &granted);
    if (r < 0) {
        (void)log_errno(r, "%s: cannot tell what its units have to be", manifest->name);
        return CTL_INTERNAL;
    }
    *ret_granted = granted;
    granted = (struct granted)GRANTED_INIT;
    return CTL_DONE;
}

void granted_done(struct granted *granted) {
    free(granted->service);
    free(granted->sockets);
    free(granted->files);
    free(granted->left_out);
    *granted = (struct granted)GRANTED_INIT;
}

// -- what is there -------------------------------------------------------------------------------

// Whether the file PATH has TEXT, or, if that is NULL, is not there.
static bool has_text(const char *path, const char *text) {
    CLEANUP(file_done) struct file file = FILE_INIT;
    CLEANUP_FD int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 || !text) {
        return fd < 0 && errno == ENOENT && !text;
    }
    return file_read_descriptor(fd, TEXT_MAX, &file) == 0 && file.size == strlen(text) &&
           memcmp(file.data, text, file.size) == 0;
}

static void name_drop_in(const char *app, const char *name, char ret_path[GRANTED_PATH_SIZE]) {
    (void)snprintf(ret_path, GRANTED_PATH_SIZE, GRANTED_UNITS "/mpyd@%s.service.d/%s", app, name);
}

bool granted_is_enabled(const char *app) {
    char path[GRANTED_PATH_SIZE];

    name_drop_in(app, GRANTED_DROP_IN, path);
    return access(path, F_OK) == 0;
}

enum granted_state granted_compare(const struct granted *granted, const char *app) {
    char service[GRANTED_PATH_SIZE], no_network[GRANTED_PATH_SIZE], sockets[GRANTED_PATH_SIZE];

    name_drop_in(app, GRANTED_DROP_IN, service);
    name_drop_in(app, GRANTED_NO_NETWORK, no_network);
    (void)snprintf(sockets, sizeof(sockets), GRANTED_UNITS "/mpyd-ports@%s.socket", app);
    if (!granted_is_enabled(app)) {
        return GRANTED_NOWHERE;
    }
    if (granted->is_guessed) {
        return GRANTED_UNKNOWN;
    }
    return has_text(service, granted->service) && has_text(sockets, granted->sockets) &&
                   (access(no_network, F_OK) == 0) == !granted->has_network
               ? GRANTED_CURRENT
               : GRANTED_STALE;
}

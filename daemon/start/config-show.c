// SPDX-License-Identifier: MIT
#include "daemon/start/config-show.h"

#include <errno.h>
#include <json-c/json.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/open.h"
#include "daemon/config/config-given.h"
#include "daemon/config/grants.h"
#include "daemon/life/sizing.h"
#include "daemon/life/supervise.h"
#include "image/image.h"
#include "image/naming.h"

static struct json_object *text_or_null(const char *text) {
    return text ? json_object_new_string(text) : NULL;
}

static struct json_object *show_row(const struct config_row *row) {
    static const char *const applies[] = {[CONFIG_NOW] = "now",
                                          [CONFIG_NARROW] = "narrow",
                                          [CONFIG_NEXT] = "next",
                                          [CONFIG_UNIT] = "unit"};
    struct json_object *shown = json_object_new_object();

    (void)json_object_object_add(shown, "section", json_object_new_string(row->section));
    (void)json_object_object_add(shown, "key", json_object_new_string(row->key));
    (void)json_object_object_add(shown, "value", text_or_null(row->text));
    (void)json_object_object_add(shown, "file", text_or_null(row->file));
    (void)json_object_object_add(shown, "line",
                                 row->file ? json_object_new_int64(row->line) : NULL);
    (void)json_object_object_add(shown, "applies", json_object_new_string(applies[row->applies]));
    return shown;
}

static int show(const struct config *config, const char *app, const char *refused) {
    struct json_object *top = json_object_new_object();
    struct json_object *files = json_object_new_array(), *settings = json_object_new_array();
    struct config_row row;
    bool is_written;

    (void)json_object_object_add(top, "app", text_or_null(app));
    (void)json_object_object_add(top, "files", files);
    (void)json_object_object_add(top, "settings", settings);
    (void)json_object_object_add(top, "refused", text_or_null(refused));
    for (size_t i = 0; i < config->n_files; i++) {
        (void)json_object_array_add(files, json_object_new_string(config->files[i]));
    }
    for (size_t i = 0; config_get_row(config, i, &row); i++) {
        (void)json_object_array_add(settings, show_row(&row));
    }
    for (size_t i = 0; config_given_get_row(&config->given, i, &row); i++) {
        (void)json_object_array_add(settings, show_row(&row));
    }
    is_written = puts(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY)) != EOF &&
                 fflush(stdout) != EOF;
    (void)json_object_put(top);
    return is_written ? EXIT_ENDED : EXIT_INTERNAL;
}

// Whether the image may run is not asked here.
static int load(const struct trust_options *options, const char *app, struct image *ret_image) {
    const struct trust_options any = {
        .image = options->image, .key_file = options->key_file, .is_unsigned = true};
    CLEANUP(trust_done) struct trust trust = TRUST_INIT;
    CLEANUP_FD int fd = -1;
    int r = open_file(any.image, "the image", &fd) < 0 ? EXIT_IMAGE : trust_open(&any, &trust);

    if (r == 0) {
        r = trust_read(&trust);
    }
    if (r == 0) {
        r = trust_load(&trust, fd, app ? app : "", ret_image);
    }
    if (r == 0 && app && !naming_check(any.image, app, ret_image->manifest.name, true)) {
        r = EXIT_IMAGE;
    }
    return r;
}

// Judges as a start does (load.c). Returns an enum supervise_exit and WHY, "" if it is not refused.
static int judge(const struct trust_options *trust, const char *app, const struct config *config,
                 char why[POLICY_WHY_SIZE]) {
    CLEANUP(image_done) struct image image = IMAGE_INIT;
    struct policy *policy = NULL;
    int r = load(trust, app, &image);

    if (r != 0) {
        return r;
    }
    if (sizing_check(&image.manifest, config, why) == 0) {
        r = grants_apply(&image.manifest, config, &policy, why);
    }
    policy_free(policy);
    if (r == GRANTS_BAD_MANIFEST) {
        log_error("%s: %s", trust->image, why);
        return EXIT_IMAGE;
    }
    if (r < 0) {
        (void)log_errno(r, "cannot make the policy");
        return EXIT_INTERNAL;
    }
    return EXIT_ENDED;
}

int config_show(const struct config_place *place, const struct trust_options *trust) {
    struct config config;
    char why[CONFIG_WHY_SIZE], refused[POLICY_WHY_SIZE] = "";
    int r = config_init(&config), status = EXIT_INTERNAL;

    if (r == 0) {
        r = config_files_read(&config, place, why);
    }
    if (r == 0) {
        status = trust->image ? judge(trust, place->file ? NULL : place->app, &config, refused)
                              : EXIT_ENDED;
    } else if (r == -EINVAL) {
        log_error("%s", why);
        status = EXIT_CONFIG;
    } else {
        (void)log_errno(r, "cannot make a configuration");
    }
    if (r == 0 && status == EXIT_ENDED) {
        status = show(&config, place->app, refused[0] != '\0' ? refused : NULL);
    }
    config_done(&config);
    return status;
}

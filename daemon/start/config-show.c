// SPDX-License-Identifier: MIT
#include "daemon/start/config-show.h"

#include <errno.h>
#include <json-c/json.h>

#include "base/log.h"
#include "daemon/config/config-given.h"
#include "daemon/life/supervise.h"

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

static int show(const struct config *config, const char *app) {
    struct json_object *top = json_object_new_object();
    struct json_object *files = json_object_new_array(), *settings = json_object_new_array();
    struct config_row row;
    bool is_written;

    (void)json_object_object_add(top, "app", text_or_null(app));
    (void)json_object_object_add(top, "files", files);
    (void)json_object_object_add(top, "settings", settings);
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

int config_show(const struct config_place *place) {
    struct config config;
    char why[CONFIG_WHY_SIZE];
    int r = config_init(&config), status = EXIT_INTERNAL;

    if (r == 0) {
        r = config_files_read(&config, place, why);
    }
    if (r == 0) {
        status = show(&config, place->app);
    } else if (r == -EINVAL) {
        log_error("%s", why);
        status = EXIT_CONFIG;
    } else {
        (void)log_errno(r, "cannot make a configuration");
    }
    config_done(&config);
    return status;
}

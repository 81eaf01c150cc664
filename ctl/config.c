// SPDX-License-Identifier: MIT

// mpyctl config show and config diff.

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/config-read.h"
#include "ctl/granted.h"
#include "ctl/json.h"
#include "ctl/page.h"
#include "ctl/print.h"
#include "ctl/reply.h"
#include "ctl/table.h"
#include "ctl/verbs.h"

enum { OPTION_JSON, OPTION_SET, OPTION_IMAGE };

const struct verb_option config_show_options[] = {
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    [OPTION_SET] = {"set", NULL, "only what a file sets, no defaults"},
    [OPTION_IMAGE] = {"image", "FILE", "judge it by this image, not the one that is installed"},
    {0},
};

const struct verb_option config_diff_options[] = {
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    {0},
};

static void config_put(struct json_object **config) {
    (void)json_object_put(*config);
}

// -- show ----------------------------------------------------------------------------------------

static void cell_key(struct table *table, struct json_object *setting) {
    table_cell_format(table, COLOUR_NONE, "[%s] %s", reply_text_or(setting, "section", "?"),
                      reply_text_or(setting, "key", "?"));
}

static void cell_value(struct table *table, const char *value) {
    table_cell(table, value ? COLOUR_NONE : COLOUR_DIM,
               !value     ? "not set"
               : value[0] ? value
                          : "nothing");
}

// When a change of it applies, in words.
static const char *when_of(struct json_object *setting) {
    static const struct {
        const char *applies, *words;
    } rows[] = {
        {"now", "reload"},
        {"narrow", "reload, if it is less"},
        {"next", "next start"},
        {"unit", "mpyctl enable, next start"},
    };
    const char *applies = reply_text_or(setting, "applies", "?");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (strcmp(rows[i].applies, applies) == 0) {
            return rows[i].words;
        }
    }
    return applies;
}

static void show(struct json_object *config, bool is_set_only) {
    static const char *const headings[] = {"KEY", "VALUE", "FROM", "CHANGES APPLY WITH"};
    CLEANUP(table_free)
    struct table *table = table_new(headings, sizeof(headings) / sizeof(headings[0]));
    struct json_object *setting;

    for (size_t i = 0; (setting = reply_member(config, "settings", i)); i++) {
        const char *file = reply_text(setting, "file");

        if (!file && is_set_only) {
            continue;
        }
        cell_key(table, setting);
        cell_value(table, reply_text(setting, "value"));
        if (file) {
            table_cell_format(table, COLOUR_BOLD, "%s:%llu", file,
                              (unsigned long long)reply_number(setting, "line"));
        } else {
            table_cell(table, COLOUR_DIM, "default");
        }
        table_cell(table, COLOUR_NONE, when_of(setting));
    }
    table_print(table);
}

// The configuration, judged by the image NAMED or that is installed, if there is one to read. What
// is wrong with the image is no reason not to show the configuration: it is the result then.
static int read_judged(const char *name, const char *named, struct json_object **ret_config) {
    struct granted_image image = GRANTED_IMAGE_INIT;
    int found = parse_is_app_name(name) ? granted_find_image(name, &image) : CTL_FAILED, r;

    if (!named && found == CTL_DENIED) {
        log_warning("%s: its image is for root to read: whether it has these grants was not judged",
                    name);
    } else if (named || found == CTL_DONE) {
        r = config_read(name, named ? named : image.path, image.key_file, ret_config);
        if (r == CTL_DONE || r == CTL_CONFIG) {
            return r;
        }
        return config_read(name, NULL, NULL, ret_config) == CTL_DONE ? r : CTL_FAILED;
    }
    return config_read(name, NULL, NULL, ret_config);
}

int config_show_run(const struct verb_arguments *arguments) {
    CLEANUP(config_put) struct json_object *config = NULL;
    int r = read_judged(arguments->operands[0], arguments->values[OPTION_IMAGE], &config);

    if (!config) {
        return r;
    }
    if (reply_text(config, "refused")) {
        log_error("%s", reply_text(config, "refused"));
        r = CTL_CONFIG;
    }
    page_begin(arguments);
    if (arguments->values[OPTION_JSON]) {
        print_json(steal_ptr(&config));
    } else {
        show(config, arguments->values[OPTION_SET]);
    }
    return r;
}

// -- diff ----------------------------------------------------------------------------------------

// The same setting of OTHER, or NULL: of [files] each has its own names.
static struct json_object *find(struct json_object *other, struct json_object *setting) {
    struct json_object *found;

    for (size_t i = 0; (found = reply_member(other, "settings", i)); i++) {
        if (strcmp(reply_text_or(found, "section", ""), reply_text_or(setting, "section", "")) ==
                0 &&
            strcmp(reply_text_or(found, "key", ""), reply_text_or(setting, "key", "")) == 0) {
            return found;
        }
    }
    return NULL;
}

static bool is_same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void set_value(struct json_object *object, const char *key, const char *value) {
    if (value) {
        json_set_text(object, key, value);
    } else {
        json_set(object, key, NULL);
    }
}

static struct json_object *make_difference(struct json_object *setting, const char *a,
                                           const char *b) {
    struct json_object *difference = json_new_object();

    json_set_text(difference, "section", reply_text_or(setting, "section", ""));
    json_set_text(difference, "key", reply_text_or(setting, "key", ""));
    set_value(difference, "a", a);
    set_value(difference, "b", b);
    return difference;
}

static struct json_object *compare(struct json_object *a, struct json_object *b) {
    struct json_object *differences = json_new_array(), *setting;

    for (size_t i = 0; (setting = reply_member(a, "settings", i)); i++) {
        const char *one = reply_text(setting, "value");
        const char *other = reply_text(find(b, setting), "value");

        if (!is_same(one, other)) {
            json_append(differences, make_difference(setting, one, other));
        }
    }
    for (size_t i = 0; (setting = reply_member(b, "settings", i)); i++) {
        const char *other = reply_text(setting, "value");

        if (other && !find(a, setting)) {
            json_append(differences, make_difference(setting, NULL, other));
        }
    }
    return differences;
}

static void print_differences(struct json_object *differences, const char *a, const char *b) {
    const char *const headings[] = {"KEY", a, b};
    CLEANUP(table_free) struct table *table = table_new(headings, 3);

    for (size_t i = 0; i < json_object_array_length(differences); i++) {
        struct json_object *difference = json_object_array_get_idx(differences, i);

        cell_key(table, difference);
        cell_value(table, reply_text(difference, "a"));
        cell_value(table, reply_text(difference, "b"));
    }
    table_print(table);
}

int config_diff_run(const struct verb_arguments *arguments) {
    CLEANUP(config_put) struct json_object *a = NULL, *b = NULL;
    struct json_object *differences, *object;
    size_t n;
    int r = config_read(arguments->operands[0], NULL, NULL, &a);

    if (r == CTL_DONE) {
        r = config_read(arguments->operands[1], NULL, NULL, &b);
    }
    if (r != CTL_DONE) {
        return r;
    }
    differences = compare(a, b);
    n = json_object_array_length(differences);
    if (arguments->values[OPTION_JSON]) {
        object = json_new_object();
        json_set(object, "differences", differences);
        print_json(object);
    } else {
        if (n > 0) {
            print_differences(differences, arguments->operands[0], arguments->operands[1]);
        }
        (void)json_object_put(differences);
    }
    return n > 0 ? CTL_FAILED : CTL_DONE;
}

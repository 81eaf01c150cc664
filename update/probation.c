// SPDX-License-Identifier: MIT
#include "update/probation.h"

#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/file.h"
#include "ctl/program.h"

#define DEFAULT_USEC (30ull * 1000000)

static bool is_text(struct json_object *object, const char *key, const char *text) {
    struct json_object *value = json_object_object_get(object, key);

    return value && json_object_is_type(value, json_type_string) &&
           strcmp(json_object_get_string(value), text) == 0;
}

// The text of [update] probation in what mpyd says of a configuration, or NULL.
static const char *find(struct json_object *config) {
    struct json_object *rows = json_object_object_get(config, "settings");
    size_t n = json_object_is_type(rows, json_type_array) ? json_object_array_length(rows) : 0;

    for (size_t i = 0; i < n; i++) {
        struct json_object *row = json_object_array_get_idx(rows, i);

        if (is_text(row, "section", "update") && is_text(row, "key", "probation")) {
            return json_object_get_string(json_object_object_get(row, "value"));
        }
    }
    return NULL;
}

uint64_t probation_configured(const char *app) {
    const char *const arguments[] = {"mpyd", "config", app, NULL};
    CLEANUP(file_done) struct file output = FILE_INIT;
    struct json_object *config = NULL;
    uint64_t usec = DEFAULT_USEC;
    const char *text;

    if (program_read(arguments, false, &output) == 0 && output.data) {
        config = json_tokener_parse((const char *)output.data);
    }
    text = find(config);
    if (!text || parse_usec(text, 0, PROBATION_MAX_USEC, &usec) < 0) {
        log_warning("%s: cannot tell [update] probation of its configuration; it is 30s then", app);
    }
    (void)json_object_put(config);
    return usec;
}

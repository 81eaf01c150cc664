// SPDX-License-Identifier: MIT
#include "ctl/config-read.h"

#include <errno.h>
#include <json-c/json.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "ctl/program.h"
#include "ctl/verb.h"

// Any name serves where a file is named: keys are the same for all apps.
#define SOME_APP "app"

#define ARGUMENTS_MAX 10

static void give_option(const char **arguments, size_t *n, const char *option, const char *value) {
    if (value) {
        arguments[(*n)++] = option;
        arguments[(*n)++] = value;
    }
}

int config_read(const char *name, const char *image, const char *key_file,
                struct json_object **ret_config) {
    bool is_app = parse_is_app_name(name);
    const char *arguments[ARGUMENTS_MAX] = {"mpyd", "config", is_app ? name : SOME_APP};
    CLEANUP(file_done) struct file output = FILE_INIT;
    struct json_object *config;
    size_t n = 3;
    int r = 0;

    give_option(arguments, &n, "--config", is_app ? NULL : name);
    give_option(arguments, &n, "--image", image);
    give_option(arguments, &n, "--key-file", key_file);
    r = program_read(arguments, false, &output);

    if (r < 0 || r == 127) {
        (void)log_errno(r < 0 ? r : ENOENT, "cannot run mpyd, which reads configurations");
        return CTL_INTERNAL;
    }
    if (r > 0) {
        return r == CTL_CONFIG || r == CTL_IMAGE || r == CTL_LOCKED ? r : CTL_FAILED;
    }
    config = json_tokener_parse((const char *)output.data);
    if (!config) {
        log_error("mpyd printed a configuration of %s that is no JSON", name);
        return CTL_INTERNAL;
    }
    *ret_config = config;
    return CTL_DONE;
}

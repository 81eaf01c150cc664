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

int config_read(const char *name, struct json_object **ret_config) {
    const char *of_app[] = {"mpyd", "config", name, NULL};
    const char *of_file[] = {"mpyd", "config", "--config", name, SOME_APP, NULL};
    CLEANUP(file_done) struct file output = FILE_INIT;
    struct json_object *config;
    int r = program_read(parse_is_app_name(name) ? of_app : of_file, false, &output);

    if (r < 0 || r == 127) {
        (void)log_errno(r < 0 ? r : ENOENT, "cannot run mpyd, which reads configurations");
        return CTL_INTERNAL;
    }
    if (r > 0) {
        return r == CTL_CONFIG ? CTL_CONFIG : CTL_FAILED;
    }
    config = json_tokener_parse((const char *)output.data);
    if (!config) {
        log_error("mpyd printed a configuration of %s that is no JSON", name);
        return CTL_INTERNAL;
    }
    *ret_config = config;
    return CTL_DONE;
}

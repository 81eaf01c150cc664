// SPDX-License-Identifier: MIT

// mpyctl doctor: the layers of the sandbox, which mpyd tries to build.

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "base/cleanup.h"
#include "ctl/doctor.h"
#include "ctl/program.h"
#include "ctl/reply.h"

#define REQUIRED_REMEDY                                                                            \
    "apps do not start without it, unless [sandbox] optional of their configuration names it; "    \
    "the "                                                                                         \
    "reason says what keeps it off"
#define OPTIONAL_REMEDY "nothing has to be done: apps start without it"

static void find_layer(struct doctor *doctor, struct json_object *layer) {
    const char *name = reply_text_or(layer, "name", "?");
    const char *process = reply_text_or(layer, "process", "?");
    const char *state = reply_text_or(layer, "state", "?");
    const char *detail = reply_text_or(layer, "detail", "");
    const char *space = detail[0] ? ": " : "";

    if (strcmp(state, "unavailable") != 0) {
        doctor_find(doctor, DOCTOR_GOOD, NULL, "%s of the %s is %s%s%s", name, process, state,
                    space, detail);
    } else if (reply_bool(layer, "required")) {
        doctor_find(doctor, DOCTOR_PROBLEM, REQUIRED_REMEDY, "%s of the %s cannot be had%s%s", name,
                    process, space, detail);
    } else {
        doctor_find(doctor, DOCTOR_NOTE, OPTIONAL_REMEDY, "%s of the %s cannot be had%s%s", name,
                    process, space, detail);
    }
}

void doctor_check_layers(struct doctor *doctor) {
    static const char *const arguments[] = {"mpyd", "layers", NULL};
    CLEANUP(file_done) struct file output = FILE_INIT;
    struct json_object *answer = NULL, *layer;
    int r = program_read(arguments, true, &output);

    if (r >= 0 && output.data) {
        answer = json_tokener_parse((const char *)output.data);
    }
    if (!reply_member(answer, "layers", 0)) {
        doctor_find(doctor, DOCTOR_PROBLEM,
                    "have mpyd in PATH; \"mpyd layers\" says why it cannot be tried",
                    "the sandbox could not be tried: %s",
                    r < 0 ? strerror(-r) : "mpyd did not tell of any layer");
    }
    for (size_t i = 0; (layer = reply_member(answer, "layers", i)); i++) {
        find_layer(doctor, layer);
    }
    (void)json_object_put(answer);
}

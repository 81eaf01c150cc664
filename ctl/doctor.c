// SPDX-License-Identifier: MIT
#include "ctl/doctor.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/colour.h"
#include "ctl/json.h"
#include "ctl/page.h"
#include "ctl/print.h"
#include "ctl/reply.h"
#include "ctl/verbs.h"

#define TEXT_SIZE 512

enum { OPTION_BRIEF, OPTION_JSON };

const struct verb_option doctor_options[] = {
    [OPTION_BRIEF] = {"brief", NULL, "only what there is something to do about", 'b'},
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    {0},
};

static const struct area {
    const char *name;
    void (*check)(struct doctor *doctor);
} areas[] = {
    {"kernel", doctor_check_kernel}, {"layers", doctor_check_layers},
    {"keys", doctor_check_keys},     {"units", doctor_check_units},
    {"apps", doctor_check_apps},     {"storage", doctor_check_storage},
    {"clock", doctor_check_clock},
};

static const char *const levels[] = {
    [DOCTOR_GOOD] = "good", [DOCTOR_NOTE] = "note", [DOCTOR_PROBLEM] = "problem"};

struct doctor {
    const char *area; /* at hand */
    struct json_object *findings;
    enum doctor_level worst;
};

void doctor_find(struct doctor *doctor, enum doctor_level level, const char *remedy,
                 const char *format, ...) {
    struct json_object *finding = json_new_object();
    char text[TEXT_SIZE];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    json_set_text(finding, "area", doctor->area);
    json_set_text(finding, "level", levels[level]);
    json_set_text(finding, "what", text);
    if (remedy) {
        json_set_text(finding, "remedy", remedy);
    } else {
        json_set(finding, "remedy", NULL);
    }
    json_append(doctor->findings, finding);
    doctor->worst = level > doctor->worst ? level : doctor->worst;
}

static void print(struct json_object *finding) {
    static const enum colour colours[] = {
        [DOCTOR_GOOD] = COLOUR_GOOD, [DOCTOR_NOTE] = COLOUR_WARNING, [DOCTOR_PROBLEM] = COLOUR_BAD};
    const char *level = reply_text_or(finding, "level", "?");
    const char *remedy = reply_text(finding, "remedy");
    enum colour colour = COLOUR_NONE;

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        colour = strcmp(level, levels[i]) == 0 ? colours[i] : colour;
    }
    printf("%s%-8s%s  %-8s  ", colour_start(colour), level, colour_end(),
           reply_text_or(finding, "area", "?"));
    print_line("%s", reply_text_or(finding, "what", "?"));
    if (remedy) {
        print_line("%20s-> %s", "", remedy);
    }
}

static void print_all(struct json_object *findings, bool is_brief) {
    for (size_t i = 0; i < json_object_array_length(findings); i++) {
        struct json_object *finding = json_object_array_get_idx(findings, i);

        if (!is_brief || reply_has(finding, "remedy")) {
            print(finding);
        }
    }
}

int doctor_run(const struct verb_arguments *arguments) {
    struct doctor doctor = {.findings = json_new_array(), .worst = DOCTOR_GOOD};
    struct json_object *object = json_new_object();

    for (size_t i = 0; i < sizeof(areas) / sizeof(areas[0]); i++) {
        doctor.area = areas[i].name;
        areas[i].check(&doctor);
    }
    json_set(object, "findings", doctor.findings);
    page_begin(arguments);
    if (arguments->values[OPTION_JSON]) {
        print_json(json_object_get(object));
    } else {
        print_all(doctor.findings, arguments->values[OPTION_BRIEF]);
    }
    (void)json_object_put(object);
    return doctor.worst == DOCTOR_PROBLEM ? CTL_FAILED : CTL_DONE;
}

// SPDX-License-Identifier: MIT
#include "daemon/life/layers-report.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static void append(char text[LAYERS_TEXT_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(char text[LAYERS_TEXT_SIZE], const char *format, ...) {
    size_t used = strlen(text);
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text + used, LAYERS_TEXT_SIZE - used, format, arguments);
    va_end(arguments);
}

static void append_layer(char text[LAYERS_TEXT_SIZE], const struct layer_report *report) {
    const int name_size = (int)sizeof(report->name), why_size = (int)sizeof(report->why);
    // ESTALE is ours, and in words already.
    const char *error = report->error && report->error != ESTALE ? strerror(report->error) : "";
    bool is_told = report->state != LAYER_ON && (report->why[0] || error[0]);

    append(text, "%.*s ", name_size, report->name);
    switch (report->state) {
    case LAYER_ON:
        append(text, "on");
        break;
    case LAYER_OFF:
        append(text, "not asked for");
        break;
    default:
        append(text, "MISSING");
        break;
    }
    if (is_told) {
        append(text, " (%.*s%s%s)", why_size, report->why, report->why[0] && error[0] ? ": " : "",
               error);
    }
}

void layers_keep(struct layers *layers, const struct layer_report *reports, size_t n_reports) {
    size_t n_room = sizeof(layers->reports) / sizeof(layers->reports[0]) - layers->n_reports;

    n_reports = n_reports < n_room ? n_reports : n_room;
    memcpy(&layers->reports[layers->n_reports], reports, n_reports * sizeof(*reports));
    layers->n_reports += n_reports;
}

size_t layers_text(const struct layer_report *reports, size_t n_reports, enum layer_process process,
                   char text[LAYERS_TEXT_SIZE]) {
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < n_reports; i++) {
        if (reports[i].process == process) {
            append(text, "%s", n++ > 0 ? ", " : "");
            append_layer(text, &reports[i]);
        }
    }
    return n;
}

void report_layers(const struct layer_report *reports, size_t n_reports) {
    static const char *const names[] = {
        [LAYER_SUPERVISOR] = "supervisor",
        [LAYER_SPAWNER] = "spawner",
        [LAYER_WORKER] = "worker",
    };
    char text[LAYERS_TEXT_SIZE];

    for (int process = LAYER_SUPERVISOR; process <= LAYER_WORKER; process++) {
        if (layers_text(reports, n_reports, (enum layer_process)process, text) > 0) {
            log_info("sandbox of the %s: %s", names[process], text);
        }
    }
}

void report_failure(const char *app, const struct spawner_event *event) {
    report_layers(event->reports, event->n_reports);
    log_error("%s: cannot start a worker: %.*s: %s", app, (int)sizeof(event->what), event->what,
              strerror(abs(event->error)));
}

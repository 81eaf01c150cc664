// SPDX-License-Identifier: MIT
#include "daemon/crash/crash.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "base/log-journal.h"
#include "base/log.h"
#include "base/message-ids.h"
#include "daemon/app/app.h"
#include "daemon/crash/crash-json.h"

#define LINE_SIZE 1024 /* bytes of a line of a traceback, NUL included */
#define CUT "..."

// How the lines before the exception begin (vm/traceback.c).
#define TRACEBACK "Traceback "
#define FRAME "  File \""

static void put_report(struct json_object **report) {
    (void)json_object_put(*report);
}

void crashes_init(struct crashes *crashes, const char *app, int state_fd,
                  const struct crash_origin *origin) {
    int r = 0;

    crashes->origin = *origin;
    if (state_fd > 0) {
        r = crash_files_open(state_fd, &crashes->files);
    }
    if (r < 0) {
        (void)log_errno(r, "%s: cannot keep crash reports in its state directory", app);
    }
}

void crashes_done(struct crashes *crashes) {
    for (size_t i = 0; i < CRASH_IN_MEMORY; i++) {
        free(crashes->newest[i]);
    }
    crash_files_done(&crashes->files);
    *crashes = (struct crashes){0};
}

void crashes_next_generation(struct crashes *crashes) {
    crashes->traceback_size = 0;
    crashes->traceback_cut = false;
    crashes->raised[0] = '\0';
}

// -- the traceback -------------------------------------------------------------------------------

// The last lines are where it happened and what: the first ones make room, a quarter of all at
// once, for a worker that says lines without end is not to have all the others moved for each.
static void make_room(struct crashes *crashes, size_t size) {
    size_t n = 0, limit = sizeof(crashes->traceback);

    if (crashes->traceback_size + size > limit) {
        limit -= limit / 4;
    }
    while (crashes->traceback_size - n + size > limit) {
        const char *start = crashes->traceback + n;
        const char *newline = memchr(start, '\n', crashes->traceback_size - n);

        n += (size_t)(newline - start) + 1;
    }
    if (n > 0) {
        memmove(crashes->traceback, crashes->traceback + n, crashes->traceback_size - n);
        crashes->traceback_size -= n;
        crashes->traceback_cut = true;
    }
}

// Keeps LINE if it is the first that says which exception it was, as far as there is room.
static void note_raised(struct crashes *crashes, const char *line) {
    size_t n = strlen(line), limit = sizeof(crashes->raised) - 1;

    if (crashes->raised[0] != '\0' || strncmp(line, TRACEBACK, strlen(TRACEBACK)) == 0 ||
        strncmp(line, FRAME, strlen(FRAME)) == 0) {
        return;
    }
    if (n > limit) {
        n = limit - strlen(CUT);
        while (n > 0 && ((unsigned char)line[n] & 0xc0) == 0x80) {
            n--; // not within a character
        }
    }
    (void)snprintf(crashes->raised, sizeof(crashes->raised), "%.*s%s", (int)n, line,
                   line[n] != '\0' ? CUT : "");
}

void crash_hear(struct app *app, const char *text) {
    struct crashes *crashes = &app->crashes;
    CLEANUP_FREE char *copy = strdup(text);
    const char *rest = copy;
    char line[LINE_SIZE];

    if (!copy) {
        (void)log_errno(ENOMEM, "%s: cannot keep its traceback", app->name);
    }
    while (rest) {
        size_t n = 0;

        if (rest == copy) {
            (void)secrets_redact(&app->secrets, copy);
        }
        rest = escape_line(rest, line, sizeof(line) - 1);
        note_raised(crashes, line);
        n = strlen(line);
        line[n++] = '\n';
        make_room(crashes, n);
        memcpy(crashes->traceback + crashes->traceback_size, line, n);
        crashes->traceback_size += n;
    }
}

// -- the report ----------------------------------------------------------------------------------

static int keep_in_memory(struct crashes *crashes, const char *text) {
    char *copy = strdup(text);

    if (!copy) {
        return -ENOMEM;
    }
    free(crashes->newest[CRASH_IN_MEMORY - 1]);
    memmove(crashes->newest + 1, crashes->newest, sizeof(crashes->newest) - sizeof(char *));
    crashes->newest[0] = copy;
    return 0;
}

static void keep(struct app *app, const char *text) {
    struct crashes *crashes = &app->crashes;
    int r = 0;

    if (crashes->files.fd > 0) {
        r = crash_files_add(&crashes->files, text, strlen(text));
    }
    if (r < 0) {
        (void)log_errno(r, "%s: cannot keep the crash report in its state directory", app->name);
    }
    if (crashes->files.fd == 0 || r < 0) {
        r = keep_in_memory(crashes, text);
    }
    if (r < 0) {
        (void)log_errno(r, "%s: cannot keep the crash report", app->name);
    }
}

// REPORT as text, its own; NULL: for want of memory. json-c leaves out what it has no room for and
// says nothing, so what it wrote is read again.
static const char *make_text(struct json_object *report) {
    const char *text = json_object_to_json_string_ext(report, JSON_C_TO_STRING_NOSLASHESCAPE);
    CLEANUP(put_report) struct json_object *again = text ? json_tokener_parse(text) : NULL;

    return again && json_object_equal(report, again) ? text : NULL;
}

void crash_report(struct app *app, const struct crash_facts *facts) {
    struct crashes *crashes = &app->crashes;
    CLEANUP(put_report) struct json_object *report = NULL;
    int r = crash_json_make(app, facts, crashes->files.next, &report);
    const char *text = r < 0 ? NULL : make_text(report);
    char generation[16];
    const struct log_field fields[] = {
        {"KIND", ending_name(facts->ending)},
        {"GENERATION", generation},
        {"REPORT", text ? text : ""},
    };

    (void)snprintf(generation, sizeof(generation), "%" PRIu32, app->worker.generation);
    log_event_with(MESSAGE_ID_CRASH, fields, sizeof(fields) / sizeof(fields[0]),
                   facts->expected ? LOG_INFO : LOG_ERR, "%s: %s", app->name, facts->text);
    if (text) {
        keep(app, text);
    } else {
        (void)log_errno(-ENOMEM, "%s: cannot make a crash report", app->name);
    }
}

// -- those there are -----------------------------------------------------------------------------

// Appends the report TEXT to REPORTS; one that a power cut left unfinished is passed over.
static int append(struct json_object *reports, const char *text) {
    struct json_object *report = json_tokener_parse(text);

    if (!json_object_is_type(report, json_type_object)) {
        (void)json_object_put(report);
        return 0;
    }
    if (json_object_array_add(reports, report) < 0) {
        (void)json_object_put(report);
        return -ENOMEM;
    }
    return 0;
}

static int append_file(struct json_object *reports, const struct crash_files *files,
                       uint32_t number) {
    CLEANUP_FREE char *text = NULL;
    int r = crash_files_read(files, number, &text);

    return r == -ENOMEM ? r : r < 0 ? 0 : append(reports, text);
}

int crash_list(struct app *app, size_t last, struct json_object **ret_reports) {
    const struct crash_files *files = &app->crashes.files;
    CLEANUP(put_report) struct json_object *reports = json_object_new_array();
    int r = reports ? 0 : -ENOMEM;

    for (size_t i = 0; r == 0 && i < CRASH_IN_MEMORY && app->crashes.newest[i] &&
                       json_object_array_length(reports) < last;
         i++) {
        r = append(reports, app->crashes.newest[i]);
    }
    for (uint32_t i = 1; r == 0 && i <= CRASH_FILES_MAX && i < files->next &&
                         json_object_array_length(reports) < last;
         i++) {
        r = append_file(reports, files, files->next - i);
    }
    if (r == 0) {
        *ret_reports = steal_ptr(&reports);
    }
    return r;
}

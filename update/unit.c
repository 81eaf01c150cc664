// SPDX-License-Identifier: MIT
#include "update/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "image/naming.h"
#include "update/program.h"

#define SYSTEMD_RUNS "/run/systemd/system" /* sd_booted(3) */
#define UNIT_SIZE (sizeof("mpyd@.service") + NAMING_SIZE)

static void unit_name(const char *app, char name[UNIT_SIZE]) {
    (void)snprintf(name, UNIT_SIZE, "mpyd@%s.service", app);
}

// "KEY=VALUE" into the field of that name.
static void take_line(const char *line, struct unit *unit) {
    const struct {
        const char *key;
        char *text;
        size_t size;
    } fields[] = {{"ActiveState=", unit->active, sizeof(unit->active)},
                  {"Result=", unit->result, sizeof(unit->result)},
                  {"StatusText=", unit->status, sizeof(unit->status)}};

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        size_t length = strlen(fields[i].key);

        if (strncmp(line, fields[i].key, length) == 0) {
            (void)snprintf(fields[i].text, fields[i].size, "%.*s",
                           (int)strcspn(line + length, "\n"), line + length);
        }
    }
}

int unit_read(const char *app, struct unit *ret_unit) {
    char name[UNIT_SIZE], output[1024];
    char *arguments[] = {"systemctl", "show", "--property=ActiveState,Result,StatusText",
                         "--",        name,   NULL};
    int r;

    *ret_unit = (struct unit){0};
    if (access(SYSTEMD_RUNS, F_OK) < 0) {
        return -ENOENT;
    }
    unit_name(app, name);
    r = program_read(arguments, output, sizeof(output));
    for (const char *line = output; r == 0 && line; line = strchr(line, '\n')) {
        line += *line == '\n';
        take_line(line, ret_unit);
    }
    return r < 0 ? log_errno(r, "cannot ask systemd for %s", name) : 0;
}

bool unit_is_up(const char *app) {
    static const char *const words[] = {"active", "activating", "reloading", "deactivating",
                                        "failed"};
    struct unit unit;

    if (unit_read(app, &unit) < 0) {
        return false;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(unit.active, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

int unit_restart(const char *app) {
    char name[UNIT_SIZE];
    char *forget[] = {"systemctl", "reset-failed", "--quiet", "--", name, NULL};
    char *restart[] = {"systemctl", "restart", "--no-block", "--", name, NULL};
    int r;

    unit_name(app, name);
    r = program_run(forget);
    if (r == 0) {
        r = program_run(restart);
    }
    return r < 0 ? log_errno(r, "cannot restart %s", name) : 0;
}

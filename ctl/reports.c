// SPDX-License-Identifier: MIT
#include "ctl/reports.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/client.h"
#include "ctl/file.h"
#include "ctl/json.h"
#include "ctl/reply.h"
#include "ctl/unit.h"
#include "ctl/verb.h"

#define STATE_FOLDER "/var/lib/mpyd"
#define FOLDER "crash"
#define SUFFIX ".json"
#define DEPTH_MAX 8
#define FILE_SIZE_MAX (1u << 20)

struct json_object *reports_at(struct json_object *reports, size_t i) {
    if (json_object_is_type(reports, json_type_array)) {
        return i < json_object_array_length(reports) ? json_object_array_get_idx(reports, i) : NULL;
    }
    return i == 0 ? reports : NULL;
}

struct json_object *reports_parse(const char *text, size_t size) {
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    struct json_object *found = NULL, *first;

    if (tokener && size <= FILE_SIZE_MAX) {
        found = json_tokener_parse_ex(tokener, text, (int)size);
    }
    first = reports_at(found, 0);
    if (!reply_has(first, "kind") || !reply_has(first, "image")) {
        (void)json_object_put(found);
        found = NULL;
    }
    json_tokener_free(tokener);
    return found;
}

// -- in files ------------------------------------------------------------------------------------

static int is_report(const struct dirent *entry) {
    size_t n = strspn(entry->d_name, "0123456789");

    return n == 9 && strcmp(entry->d_name + n, SUFFIX) == 0;
}

static int descending(const struct dirent **one, const struct dirent **other) {
    return -strcmp((*one)->d_name, (*other)->d_name);
}

// What a supervisor in wrong hands has put there must lead nowhere else: no link is followed.
static struct json_object *read_report(int folder, const char *name) {
    CLEANUP_FD int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    CLEANUP(file_done) struct file file = FILE_INIT;
    struct stat status;

    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) ||
        file_read_descriptor(fd, FILE_SIZE_MAX, &file) < 0) {
        return NULL;
    }
    return reports_parse((const char *)file.data, file.size);
}

static void free_entries(struct dirent **entries, int n) {
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free(entries);
}

static int read_folder(int folder, size_t last, struct json_object *reports) {
    struct dirent **entries = NULL;
    int n = scandirat(folder, ".", &entries, is_report, descending);

    for (int i = 0; i < n && json_object_array_length(reports) < last; i++) {
        struct json_object *report = read_report(folder, entries[i]->d_name);

        if (report) {
            json_append(reports, report);
        } else {
            log_warning("%s: is no crash report, passed over", entries[i]->d_name);
        }
    }
    if (n >= 0) {
        free_entries(entries, n);
    }
    return n < 0 ? -errno : 0;
}

int reports_of_state(const char *state, size_t last, struct json_object **ret_reports) {
    struct json_object *reports = json_new_array();
    CLEANUP_FD int directory = open(state, O_PATH | O_DIRECTORY | O_CLOEXEC), folder = -1;
    int r = directory < 0 ? -errno : 0;

    if (r == 0) {
        folder = openat(directory, FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        r = folder >= 0 ? read_folder(folder, last, reports) : errno == ENOENT ? 0 : -errno;
    }
    if (r < 0) {
        (void)log_errno(r, "cannot read crash reports in %s", state);
        (void)json_object_put(reports);
        return r == -EACCES ? CTL_DENIED : CTL_FAILED;
    }
    *ret_reports = reports;
    return CTL_DONE;
}

// -- of an app -----------------------------------------------------------------------------------

static int ask(const struct place *place, size_t last, struct json_object **ret_reports) {
    struct json_object *parameters = json_new_object(), *reply = NULL, *reports = NULL;
    int r;

    json_set_number(parameters, "last", last);
    r = client_ask(place, "Crash", parameters, &reply);
    if (r == CTL_DONE) {
        (void)json_object_object_get_ex(reply, "reports", &reports);
        *ret_reports = json_object_is_type(reports, json_type_array) ? json_object_get(reports)
                                                                     : json_new_array();
        (void)json_object_put(reply);
    }
    return r;
}

int reports_of_place(const struct place *place, bool is_named, size_t last,
                     struct json_object **ret_reports) {
    char state[sizeof(STATE_FOLDER) + NAMING_SIZE];
    struct unit unit = UNIT_UNKNOWN;
    int r = unit_read(place, 1, &unit);

    if (r != CTL_DONE) {
        return r;
    }
    if (access(place->control, F_OK) == 0 && unit_may_be_asked(place, &unit)) {
        return ask(place, last, ret_reports);
    }
    (void)snprintf(state, sizeof(state), STATE_FOLDER "/%s", place->name);
    if (!place->name[0] || (access(state, F_OK) < 0 && errno == ENOENT)) {
        if (is_named) {
            log_error(
                "%s: is not running, and has no state directory with reports of earlier crashes",
                place->name[0] ? place->name : place->control);
        }
        return CTL_NOT_RUNNING;
    }
    return reports_of_state(state, last, ret_reports);
}

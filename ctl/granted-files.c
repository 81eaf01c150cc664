// SPDX-License-Identifier: MIT
#include "ctl/granted-files.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "ctl/reply.h"
#include "ctl/verb.h"

#define DEVICES "/dev/"

// A name where there is one, since numbers differ between machines that share a configuration.
static void set_group(struct unit_file *file, gid_t gid) {
    const struct group *group = getgrgid(gid);

    if (gid == 0) {
        return; // root's group opens more than the device
    }
    if (group && unit_file_is_word(group->gr_name) &&
        strlen(group->gr_name) < sizeof(file->group)) {
        (void)snprintf(file->group, sizeof(file->group), "%s", group->gr_name);
    } else {
        (void)snprintf(file->group, sizeof(file->group), "%u", (unsigned)gid);
    }
}

// Returns whether PATH can be given; what is not there yet can, for what its place says it is.
static bool look_at(struct unit_file *file, FILE *told) {
    struct stat status;

    if (stat(file->path, &status) < 0) {
        file->is_device = strncmp(file->path, DEVICES, strlen(DEVICES)) == 0;
        (void)fprintf(told, "%s: %s: %s; enable the app again once it is there\n", file->name,
                      file->path, strerror(errno));
        return true;
    }
    file->is_device = S_ISCHR(status.st_mode);
    if (file->is_device) {
        set_group(file, status.st_gid);
    }
    return file->is_device || S_ISREG(status.st_mode);
}

static void tell(const struct unit_file *file, FILE *told) {
    const char *mode = file->writes ? "reading and writing" : "reading";

    if (file->is_device) {
        (void)fprintf(told, "%s: the device %s, for %s%s%s\n", file->name, file->path, mode,
                      file->group[0] ? ", by the group " : "", file->group);
    } else {
        (void)fprintf(
            told,
            "%s: the file %s, for %s, opened by systemd (before 253 by mpyd, with no more "
            "rights than the app's user has)\n",
            file->name, file->path, mode);
    }
}

static int add(struct granted_files *files, const struct manifest *manifest,
               struct json_object *setting, FILE *told) {
    struct unit_file file = {.name = reply_text_or(setting, "key", ""),
                             .path = reply_text_or(setting, "value", "")};
    const char *where = reply_text_or(setting, "file", "");
    uint64_t line = reply_number(setting, "line");

    if (!manifest_finds_file(&manifest->files, file.name, &file.writes)) {
        log_error("%s:%" PRIu64 ": [files] %s: the manifest asks for no file of this name", where,
                  line, file.name);
        return CTL_CONFIG;
    }
    if (file.path[0] == '\0') {
        return CTL_DONE;
    }
    // mpyd has checked it; what goes into a unit is checked where that is written, too.
    if (!unit_file_is_word(file.path) || files->n_items == MANIFEST_FILES_MAX ||
        !look_at(&file, told)) {
        log_error("%s:%" PRIu64 ": [files] %s: %s is neither a regular file nor a character device",
                  where, line, file.name, file.path);
        return CTL_CONFIG;
    }
    tell(&file, told);
    files->items[files->n_items++] = file;
    return CTL_DONE;
}

static bool has(const struct granted_files *files, const char *text) {
    size_t size = strcspn(text, ":");

    for (size_t i = 0; i < files->n_items; i++) {
        if (strlen(files->items[i].name) == size && memcmp(files->items[i].name, text, size) == 0) {
            return true;
        }
    }
    return false;
}

int granted_files_read(const struct manifest *manifest, struct json_object *config, FILE *told,
                       struct granted_files *ret_files) {
    struct json_object *setting;
    int r = CTL_DONE;

    *ret_files = (struct granted_files){0};
    for (size_t i = 0; r == CTL_DONE && (setting = reply_member(config, "settings", i)); i++) {
        if (strcmp(reply_text_or(setting, "section", ""), "files") == 0) {
            r = add(ret_files, manifest, setting, told);
        }
    }
    for (size_t i = 0; r == CTL_DONE && i < manifest->files.n_items; i++) {
        const char *text = manifest->files.items[i];

        if (!has(ret_files, text)) {
            (void)fprintf(told, "%.*s: not given; [files] of the configuration can name it\n",
                          (int)strcspn(text, ":"), text);
        }
    }
    return r;
}

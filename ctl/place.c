// SPDX-License-Identifier: MIT
#include "ctl/place.h"
#include "ctl/exit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "image/places.h"
#include "image/slots-file.h"

#define UNIT_SOCKETS "/run/mpydctl"
#define PLACES_MAX 4096u
#define LISTENS 0x10000u

// Folders, and what stands around an app's name in them. In one of sockets the name counts only
// while somebody listens: a supervisor that is confined cannot remove its socket.
static const struct trace {
    const char *folder, *before, *after;
    bool has_sockets;
} traces[] = {
    {UNIT_SOCKETS, "", "", true},
    {PLACES_IMAGES, "", "", false},
    {PLACES_VENDOR, "", PLACES_IMAGE_SUFFIX, false},
    {"/etc/systemd/system/mpyd.service.wants", "mpyd@", ".service", false},
};

// -- one -----------------------------------------------------------------------------------------

// The folder of the user's own control sockets; returns whether there is such a folder. That of
// another user, whose environment su(1) has left to root, is not asked: who answers there might say
// anything.
static bool user_folder(char *folder, size_t size) {
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int n = runtime && runtime[0] == '/' ? snprintf(folder, size, "%s/mpyd", runtime) : 0;
    struct stat status;

    return n > 0 && (size_t)n < size && lstat(folder, &status) == 0 && status.st_uid == geteuid() &&
           S_ISDIR(status.st_mode);
}

// The control socket of the app NAME below FOLDER; returns whether its path fits.
static bool control_path(const char *folder, const char *name, char path[PLACE_CONTROL_SIZE]) {
    int n = snprintf(path, PLACE_CONTROL_SIZE, "%s/%s/control", folder, name);

    return n > 0 && n < PLACE_CONTROL_SIZE;
}

static void find_control(struct place *place) {
    char folder[PLACE_CONTROL_SIZE];

    place->is_unit = false;
    if (user_folder(folder, sizeof(folder)) && control_path(folder, place->name, place->control) &&
        access(place->control, F_OK) == 0) {
        return;
    }
    place->is_unit = true;
    (void)control_path(UNIT_SOCKETS, place->name, place->control);
}

int place_find(const char *operand, struct place *ret_place) {
    *ret_place = (struct place){0};
    if (strchr(operand, '/')) {
        if (strlen(operand) >= sizeof(ret_place->control)) {
            log_error("%s: is too long for the path of a socket", operand);
            return CTL_USAGE;
        }
        memcpy(ret_place->control, operand, strlen(operand) + 1);
        return CTL_DONE;
    }
    if (!parse_is_app_name(operand)) {
        log_error("%s: is no name of an app; the path of a control socket has a / in it", operand);
        return CTL_USAGE;
    }
    memcpy(ret_place->name, operand, strlen(operand) + 1);
    find_control(ret_place);
    return CTL_DONE;
}

bool place_has_image(const struct place *place) {
    char vendor[sizeof(PLACES_VENDOR "/" PLACES_IMAGE_SUFFIX) + NAMING_SIZE];
    char why[SLOTS_FILE_WHY_SIZE];
    struct slots slots;

    (void)snprintf(vendor, sizeof(vendor), "%s/%s" PLACES_IMAGE_SUFFIX, PLACES_VENDOR, place->name);
    return slots_file_read_app(PLACES_IMAGES, place->name, &slots, why) != SLOTS_FILE_ABSENT ||
           access(vendor, F_OK) == 0;
}

// -- all -----------------------------------------------------------------------------------------

struct list {
    struct place *items;
    size_t n;
};

static int add(struct list *list, const char *name) {
    struct place *items;

    for (size_t i = 0; i < list->n; i++) {
        if (strcmp(list->items[i].name, name) == 0) {
            return 0;
        }
    }
    if (list->n == PLACES_MAX) {
        return -E2BIG;
    }
    items = reallocarray(list->items, list->n + 1, sizeof(*items));
    if (!items) {
        return -ENOMEM;
    }
    list->items = items;
    items[list->n] = (struct place){0};
    memcpy(items[list->n].name, name, strlen(name) + 1);
    find_control(&items[list->n++]);
    return 0;
}

// The name between BEFORE and AFTER, if that is how ENTRY reads and if it is an app's.
static bool name_within(const char *entry, const struct trace *trace, char name[NAMING_SIZE]) {
    size_t before = strlen(trace->before), after = strlen(trace->after), size = strlen(entry);

    if (size <= before + after || size - before - after >= NAMING_SIZE ||
        memcmp(entry, trace->before, before) != 0 ||
        memcmp(entry + size - after, trace->after, after) != 0) {
        return false;
    }
    memcpy(name, entry + before, size - before - after);
    name[size - before - after] = '\0';
    return parse_is_app_name(name);
}

static void close_file(FILE **file) {
    if (*file) {
        (void)fclose(*file);
    }
}

static void close_folder(DIR **folder) {
    if (*folder) {
        (void)closedir(*folder);
    }
}

// proc_net(5): "... FLAGS TYPE STATE INODE PATH", where the flags of a socket that listens are
// __SO_ACCEPTCON. Where the table is not to be had, every socket is taken for one.
static bool is_listened(const char *folder, const char *name) {
    CLEANUP(close_file) FILE *table = fopen("/proc/net/unix", "re");
    char path[PLACE_CONTROL_SIZE], line[512];

    if (!control_path(folder, name, path)) {
        return false;
    }
    while (table && fgets(line, sizeof(line), table)) {
        char *end = strchr(line, '/');
        unsigned flags = 0;

        line[strcspn(line, "\n")] = '\0';
        // NOLINTNEXTLINE(cert-err34-c): the kernel writes eight digits
        if (end && strcmp(end, path) == 0 && sscanf(line, "%*s %*s %*s %x", &flags) == 1 &&
            flags & LISTENS) {
            return true;
        }
    }
    return !table;
}

// What is not there, or not for us to read, has nothing to tell.
static int scan(struct list *list, const struct trace *trace) {
    CLEANUP(close_folder) DIR *folder = opendir(trace->folder);
    char name[NAMING_SIZE];
    int r = 0;

    for (struct dirent *entry; r == 0 && folder && (entry = readdir(folder));) {
        if (name_within(entry->d_name, trace, name) &&
            (!trace->has_sockets || is_listened(trace->folder, name))) {
            r = add(list, name);
        }
    }
    return r;
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

int place_list(struct place **ret_places, size_t *ret_n_places) {
    struct list list = {0};
    char folder[PLACE_CONTROL_SIZE];
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(traces) / sizeof(traces[0]); i++) {
        r = scan(&list, &traces[i]);
    }
    if (r == 0 && user_folder(folder, sizeof(folder))) {
        r = scan(&list, &(struct trace){folder, "", "", true});
    }
    if (r < 0) {
        free(list.items);
        (void)log_errno(r, "cannot list the apps");
        return CTL_INTERNAL;
    }
    if (list.n > 0) {
        qsort(list.items, list.n, sizeof(list.items[0]), compare);
    }
    *ret_places = list.items;
    *ret_n_places = list.n;
    return CTL_DONE;
}

int place_of_operands(char **operands, size_t n_operands, struct place **ret_places,
                      size_t *ret_n_places) {
    CLEANUP_FREE struct place *places = NULL;
    int r = CTL_DONE;

    if (n_operands == 0) {
        return place_list(ret_places, ret_n_places);
    }
    places = calloc(n_operands, sizeof(*places));
    if (!places) {
        (void)log_errno(ENOMEM, "cannot list the apps");
        return CTL_INTERNAL;
    }
    for (size_t i = 0; r == CTL_DONE && i < n_operands; i++) {
        r = place_find(operands[i], &places[i]);
    }
    if (r == CTL_DONE) {
        *ret_places = steal_ptr(&places);
        *ret_n_places = n_operands;
    }
    return r;
}

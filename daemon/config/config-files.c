// SPDX-License-Identifier: MIT
#include "daemon/config/config-files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "base/fd.h"

#define ENDING ".conf"

static int complain(char why[CONFIG_WHY_SIZE], const char *path, int error) {
    if (error == -ENOMEM) {
        return error;
    }
    if (error == -EINVAL) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "%.200s: not a regular file", path);
    } else {
        (void)snprintf(why, CONFIG_WHY_SIZE, "cannot read the configuration %.200s: %s", path,
                       error == -E2BIG ? "too many files" : strerror(-error));
    }
    return -EINVAL;
}

// A link to it is how administrators hide a vendor's file.
static bool is_null_device(const char *path) {
    struct stat status;

    return stat(path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

static int read_file(struct config *config, const char *path, char why[CONFIG_WHY_SIZE]) {
    CLEANUP_FD int fd = -1;
    FILE *file = NULL;
    int r = fd_open_file(path, &fd);

    if (r < 0) {
        return complain(why, path, r);
    }
    file = fdopen(fd, "r");
    if (!file) {
        return -ENOMEM;
    }
    (void)steal_fd(&fd);
    why[0] = '\0';
    r = config_read(config, file, path, why);
    (void)fclose(file);
    return r == 0 || why[0] != '\0' ? r : complain(why, path, r);
}

static int read_if_there(struct config *config, const char *path, bool *ret_there,
                         char why[CONFIG_WHY_SIZE]) {
    struct stat status;

    *ret_there = true;
    if (lstat(path, &status) < 0) {
        *ret_there = false;
        return errno == ENOENT || errno == ENOTDIR ? 0 : complain(why, path, -errno);
    }
    return is_null_device(path) ? 0 : read_file(config, path, why);
}

// -- drop-ins ------------------------------------------------------------------------------------

static int is_drop_in(const struct dirent *entry) {
    size_t size = strlen(entry->d_name), ending = sizeof(ENDING) - 1;

    return entry->d_name[0] != '.' && size > ending &&
           strcmp(entry->d_name + size - ending, ENDING) == 0;
}

// By bytes: scandir's alphasort depends on the locale.
static int by_name(const struct dirent **a, const struct dirent **b) {
    return strcmp((*a)->d_name, (*b)->d_name);
}

struct listing {
    char *path;
    struct dirent **entries;
    int n_entries, next;
};

static void listing_done(struct listing *listing) {
    for (int i = 0; i < listing->n_entries; i++) {
        free(listing->entries[i]);
    }
    free(listing->entries);
    free(listing->path);
}

static int listing_read(struct listing *listing, const char *directory, const char *slash,
                        const char *name, char why[CONFIG_WHY_SIZE]) {
    if (asprintf(&listing->path, "%s%s%s.d", directory, slash, name) < 0) {
        listing->path = NULL;
        return -ENOMEM;
    }
    listing->n_entries = scandir(listing->path, &listing->entries, is_drop_in, by_name);
    if (listing->n_entries >= 0) {
        return 0;
    }
    listing->n_entries = 0;
    return errno == ENOENT ? 0 : complain(why, listing->path, -errno);
}

static const char *listing_name(const struct listing *listing) {
    return listing->next < listing->n_entries ? listing->entries[listing->next]->d_name : NULL;
}

// The next of both by name; where both have one, it is the first's.
static struct listing *choose(struct listing *first, struct listing *second) {
    const char *a = listing_name(first), *b = listing_name(second);
    int order = !a ? 1 : !b ? -1 : strcmp(a, b);

    if (!a && !b) {
        return NULL;
    }
    second->next += order == 0;
    return order <= 0 ? first : second;
}

static int read_drop_ins(struct config *config, struct listing *first, struct listing *second,
                         char why[CONFIG_WHY_SIZE]) {
    struct listing *from = NULL;
    int r = 0;

    while (r == 0 && (from = choose(first, second))) {
        CLEANUP_FREE char *path = NULL;
        bool is_there = false;

        if (asprintf(&path, "%s/%s", from->path, listing_name(from)) < 0) {
            path = NULL;
            return -ENOMEM;
        }
        from->next++;
        r = read_if_there(config, path, &is_there, why);
    }
    return r;
}

int config_files_paths(const struct config_place *place, char **ret_more,
                       const char *ret_paths[CONFIG_PATHS_MAX + 1]) {
    char *more = NULL;

    *ret_more = NULL;
    ret_paths[0] = ret_paths[1] = ret_paths[2] = NULL;
    if (place->file) {
        if (asprintf(&more, "%s.d", place->file) < 0) {
            return -ENOMEM;
        }
        ret_paths[0] = place->file;
        ret_paths[1] = *ret_more = more;
    } else if (place->app) {
        ret_paths[0] = place->etc ? place->etc : CONFIG_ETC;
        ret_paths[1] = place->usr ? place->usr : CONFIG_USR;
    }
    return 0;
}

// -- all -----------------------------------------------------------------------------------------

static int read_main(struct config *config, const char *const *directories, const char *name,
                     char why[CONFIG_WHY_SIZE]) {
    bool is_there = false;
    int r = 0;

    for (size_t i = 0; r == 0 && !is_there && i < 2; i++) {
        CLEANUP_FREE char *path = NULL;

        if (asprintf(&path, "%s/%s", directories[i], name) < 0) {
            path = NULL;
            return -ENOMEM;
        }
        r = read_if_there(config, path, &is_there, why);
    }
    return r;
}

static int read_app(struct config *config, const struct config_place *place,
                    struct listing *listings, char why[CONFIG_WHY_SIZE]) {
    const char *const directories[] = {place->etc ? place->etc : CONFIG_ETC,
                                       place->usr ? place->usr : CONFIG_USR};
    char name[64];
    int r = 0;

    (void)snprintf(name, sizeof(name), "%s" ENDING, place->app);
    r = read_main(config, directories, name, why);
    for (size_t i = 0; r == 0 && i < 2; i++) {
        r = listing_read(&listings[i], directories[i], "/", name, why);
    }
    return r;
}

int config_files_read(struct config *config, const struct config_place *place,
                      char why[CONFIG_WHY_SIZE]) {
    struct listing listings[2] = {{0}, {0}};
    int r = 0;

    if (place->file) {
        r = read_file(config, place->file, why);
        if (r == 0) {
            r = listing_read(&listings[0], place->file, "", "", why);
        }
    } else if (place->app) {
        r = read_app(config, place, listings, why);
    }
    if (r == 0) {
        r = read_drop_ins(config, &listings[0], &listings[1], why);
    }
    listing_done(&listings[0]);
    listing_done(&listings[1]);
    return r < 0 ? r : config_check(config, why);
}

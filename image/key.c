// SPDX-License-Identifier: MIT
#include "image/key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "base/settings.h"
#include "image/guarded.h"
#include "image/why.h"

#define SUFFIX ".key"
#define SECTION "key"
#define APP_NAME_SIZE_MAX 26

enum { SKIPPED = 2 }; // besides KEY_REFUSED

#define LLU(value) ((unsigned long long)(value))
#define REFUSE(why, ...) why_refuse(why, KEY_WHY_SIZE, __VA_ARGS__)

// -- one file ------------------------------------------------------------------------------------

struct reading {
    struct key *key;
    bool has_public;
};

#define COMPLAIN(settings, ...) settings_complain(settings, settings_line(settings), __VA_ARGS__)

// The whole of a name, or any start of one and *.
static bool is_pattern(const char *text) {
    size_t size = strlen(text);

    if (text[size - 1] != '*') {
        return parse_is_app_name(text);
    }
    return size == 1 || (size <= APP_NAME_SIZE_MAX && text[0] >= 'a' && text[0] <= 'z' &&
                         strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == size - 1);
}

static int add_apps(struct settings *settings, char *apps, const char *names) {
    CLEANUP_FREE char *copy = strdup(names);
    char *rest = NULL;

    if (!copy) {
        return -ENOMEM;
    }
    for (char *word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        size_t used = strlen(apps);

        if (!is_pattern(word)) {
            return COMPLAIN(settings,
                            "apps: %.40s is neither the name of an app nor the start of one and *",
                            word);
        }
        if (used + strlen(word) + 3 > KEY_APPS_SIZE) {
            return COMPLAIN(settings, "apps: too many names");
        }
        (void)snprintf(apps + used, KEY_APPS_SIZE - used, "%s%s ", used ? "" : " ", word);
    }
    return 0;
}

static int set_public(struct settings *settings, struct reading *reading, const char *value) {
    if (reading->has_public) {
        return COMPLAIN(settings, "public is set twice");
    }
    if (signature_parse_key(value, &reading->key->id, reading->key->public_key) != 0) {
        return COMPLAIN(settings,
                        "public: not a public key; take the second line of minisign's file");
    }
    reading->has_public = true;
    return 0;
}

static bool has_section(const char *name, size_t size) {
    return size == strlen(SECTION) && memcmp(name, SECTION, size) == 0;
}

static int set(struct settings *settings, const char *section, const char *name,
               const char *value) {
    struct reading *reading = settings_context(settings);

    if (section[0] == '\0') {
        return COMPLAIN(settings, "%.40s stands before [" SECTION "]", name);
    }
    if (strcmp(name, "public") == 0) {
        return set_public(settings, reading, value);
    }
    if (strcmp(name, "apps") == 0) {
        return add_apps(settings, reading->key->apps, value);
    }
    return COMPLAIN(settings, "there is no key %.40s, only public and apps", name);
}

static int check_complete(struct settings *settings) {
    const struct reading *reading = settings_context(settings);

    if (!reading->has_public || reading->key->apps[0] == '\0') {
        return COMPLAIN(settings, "no %s", reading->has_public ? "apps" : "public");
    }
    return 0;
}

int key_parse(const char *text, size_t size, struct key *ret_key, char why[KEY_WHY_SIZE]) {
    static const char bare[] = "untrusted comment:";
    struct key key = {0};
    struct reading reading = {.key = &key};
    const struct settings_form form = {has_section, set, check_complete, &reading};
    FILE *file = fmemopen((void *)(uintptr_t)text, size, "r");
    char reason[SETTINGS_WHY_SIZE];
    int r = file ? settings_read(file, &form, reason) : -ENOMEM;

    if (file) {
        (void)fclose(file);
    }
    if (size >= strlen(bare) && memcmp(text, bare, strlen(bare)) == 0) {
        return REFUSE(why, "1: this is a public key as minisign writes it; mpyd(8), TRUST, says "
                           "what its second line is to stand in");
    }
    if (r == SETTINGS_REFUSED) {
        return REFUSE(why, "%s", reason);
    }
    if (r == 0) {
        *ret_key = key;
    }
    return r;
}

// -- a directory ---------------------------------------------------------------------------------

static int is_key_file(const struct dirent *entry) {
    size_t size = strlen(entry->d_name);

    return entry->d_name[0] != '.' && size > strlen(SUFFIX) &&
           strcmp(entry->d_name + size - strlen(SUFFIX), SUFFIX) == 0;
}

// What came with a package is good for the app that its file is named after, and for no other.
static int check_package(const char *name, const struct key *key, char *why) {
    const int size = (int)strcspn(name, ".");
    char only[KEY_APPS_SIZE];

    (void)snprintf(only, sizeof(only), " %.*s ", size, name);
    if (strcmp(only, key->apps) != 0) {
        return REFUSE(why,
                      " is of a package, which may bring keys for the app %.*s alone, and is for%s",
                      size, name, key->apps);
    }
    return 0;
}

static int read_key(int directory, const char *name, bool is_package, struct key *ret_key,
                    char *why) {
    char text[KEY_FILE_SIZE_MAX + 1];
    char reason[GUARDED_WHY_SIZE] = "is gone";
    size_t size = 0;
    int r = guarded_read(directory, name, text, sizeof(text), &size, NULL, reason);

    if (r != 0) {
        return REFUSE(why, " %s", reason);
    }
    r = key_parse(text, size, ret_key, why);
    if (r == 0 && is_package) {
        r = check_package(name, ret_key, why);
    }
    if (r == 0) {
        ret_key->file = strdup(name);
        r = ret_key->file ? 0 : -ENOMEM;
    }
    return r;
}

// A directory of keys. MASKS: where files of the same names, or links, take the place of its own;
// -1: nowhere.
struct folder {
    const char *path;
    int fd, masks;
    bool is_package;
};

// Whether NAME is not to be read: it is there to hide one of a package, or it is hidden. Returns 0,
// SKIPPED, or -errno where that cannot be told: a key that was hidden would count.
static int check_hidden(const struct folder *folder, const char *name) {
    const char nothing[] = "/dev/null";
    char target[sizeof(nothing)];
    struct stat status;
    ssize_t n;

    if (folder->masks >= 0) {
        if (fstatat(folder->masks, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
            return SKIPPED;
        }
        return errno == ENOENT ? 0 : -errno;
    }
    n = readlinkat(folder->fd, name, target, sizeof(target));
    if (n < 0) {
        return errno == EINVAL || errno == ENOENT ? 0 : -errno; // no link, or gone since
    }
    return n == (ssize_t)strlen(nothing) && memcmp(target, nothing, (size_t)n) == 0 ? SKIPPED : 0;
}

static int read_all(const struct folder *folder, struct dirent **entries, size_t n_entries,
                    struct keys *keys) {
    struct key *items = reallocarray(keys->items, keys->n_items + n_entries + 1, sizeof(*items));

    if (!items) {
        return -ENOMEM;
    }
    keys->items = items;
    for (size_t i = 0; i < n_entries; i++) {
        const char *name = entries[i]->d_name;
        char why[KEY_WHY_SIZE];
        int r = check_hidden(folder, name);

        if (r == 0) {
            r = read_key(folder->fd, name, folder->is_package, &keys->items[keys->n_items], why);
        }
        if (r < 0) {
            return r;
        }
        if (r == KEY_REFUSED) {
            log_warning("%s/%s:%s; this key counts for nothing", folder->path, name, why);
        }
        keys->n_items += r == 0;
        keys->n_refused += r == KEY_REFUSED;
    }
    return 0;
}

static int read_folder(const struct folder *folder, struct keys *keys, char *why) {
    struct dirent **entries = NULL;
    int r, n = scandirat(folder->fd, ".", &entries, is_key_file, alphasort);

    if (n < 0) {
        return errno == ENOMEM ? -ENOMEM : REFUSE(why, "%.100s: %s", folder->path, strerror(errno));
    }
    r = read_all(folder, entries, (size_t)n, keys);
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free(entries);
    return r;
}

// Opens the directory NAMED or, where that is NULL, the USUAL one, which may be absent: -1.
static int open_folder(const char *named, const char *usual, int *ret_fd, char *why) {
    char reason[GUARDED_WHY_SIZE];
    int r = guarded_open(named, usual, ret_fd, reason);

    return r == GUARDED_REFUSED  ? REFUSE(why, "%.100s: %.180s", named ? named : usual, reason)
           : r == GUARDED_ABSENT ? 0
                                 : r;
}

// For people.
static char *name_both(const char *directory, const char *package) {
    char *both = NULL;

    if (!package) {
        return strdup(directory);
    }
    return asprintf(&both, "%s and %s", directory, package) < 0 ? NULL : both;
}

int keys_read_both(const char *named, const char *package, struct keys *ret_keys,
                   char why[KEY_WHY_SIZE]) {
    const char *directory = named ? named : KEY_DIRECTORY;
    CLEANUP(keys_done) struct keys keys = {.directory = name_both(directory, package)};
    CLEANUP_FD int own = -1, packages = -1;
    int r = keys.directory ? open_folder(named, KEY_DIRECTORY, &own, why) : -ENOMEM;

    if (r == 0 && package) {
        r = open_folder(NULL, package, &packages, why);
    }
    if (r == 0 && own >= 0) {
        r = read_folder(&(struct folder){directory, own, -1, false}, &keys, why);
    }
    if (r == 0 && packages >= 0) {
        r = read_folder(&(struct folder){package, packages, own, true}, &keys, why);
    }
    if (r == 0) {
        keys.is_absent = own < 0 && packages < 0;
        *ret_keys = keys;
        keys = (struct keys){0};
    }
    return r;
}

int keys_read(const char *named, struct keys *ret_keys, char why[KEY_WHY_SIZE]) {
    return keys_read_both(named, named ? NULL : KEY_PACKAGES, ret_keys, why);
}

void keys_done(struct keys *keys) {
    for (size_t i = 0; i < keys->n_items; i++) {
        free(keys->items[i].file);
    }
    free(keys->items);
    free(keys->directory);
    *keys = (struct keys){0};
}

// -- what they are good for ----------------------------------------------------------------------

// Anybody can make a key with the number of another one: the number only says which to try.
int keys_find_signer(const struct keys *keys, const struct signature *signature,
                     const uint8_t *data, size_t size, const struct key **ret_key,
                     char why[KEY_WHY_SIZE]) {
    int best = -1;

    for (size_t i = 0; i < keys->n_items; i++) {
        const struct key *key = &keys->items[i];
        int result;

        if (key->id != signature->key) {
            continue;
        }
        result = signature_check(signature, key->public_key, data, size);
        if (result == SIGNATURE_GOOD) {
            *ret_key = key;
            return 0;
        }
        best = result > best ? result : best;
    }
    if (best < 0 && keys->is_absent) { // both: a directory that was named has to be there
        return REFUSE(why,
                      "signed with key " SIGNATURE_ID_FORMAT
                      ", which is not among those trusted here: %.120s do not exist",
                      LLU(signature->key), keys->directory);
    }
    if (best < 0) {
        return REFUSE(
            why, "signed with key " SIGNATURE_ID_FORMAT ", which is not among the %zu in %.120s",
            LLU(signature->key), keys->n_items, keys->directory);
    }
    return REFUSE(why, "changed after it was signed with key " SIGNATURE_ID_FORMAT " (%s)",
                  LLU(signature->key),
                  best == SIGNATURE_OTHER_COMMENT ? "the trusted comment was"
                                                  : "or signed by others");
}

static bool is_good_for(const struct key *key, const char *app) {
    const size_t length = strlen(app);
    const char *name = key->apps + 1;

    while (*name) {
        size_t size = strcspn(name, " ");
        bool is_start = name[size - 1] == '*';

        if (is_start ? strncmp(name, app, size - 1) == 0
                     : size == length && memcmp(name, app, size) == 0) {
            return true;
        }
        name += size + 1;
    }
    return false;
}

int keys_check_app(const struct keys *keys, const struct key *signer, const char *app,
                   char why[KEY_WHY_SIZE]) {
    for (size_t i = 0; i < keys->n_items; i++) {
        const struct key *key = &keys->items[i];

        if (memcmp(key->public_key, signer->public_key, SIGNATURE_KEY_SIZE) == 0 &&
            is_good_for(key, app)) {
            return 0;
        }
    }
    return REFUSE(why,
                  "signed with key " SIGNATURE_ID_FORMAT
                  " (%.60s), which is good for%.100sand not for %s",
                  LLU(signer->id), signer->file, signer->apps, app);
}

// SPDX-License-Identifier: MIT
#include "image/key.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/parse.h"
#include "image/guarded.h"
#include "image/why.h"

#define SUFFIX ".key"
#define LINE_SIZE_MAX 190 /* what inih takes, and cuts off silently beyond */
#define APP_NAME_SIZE_MAX 26

#define LLU(value) ((unsigned long long)(value))
#define REFUSE(why, ...) why_refuse(why, KEY_WHY_SIZE, __VA_ARGS__)

// -- one file ------------------------------------------------------------------------------------

// inih goes on after an error: the first message is the one that is kept, with its line.
struct reading {
    const char *text; /* not read yet */
    struct key *key;
    unsigned line; /* the number of the one read last; inih tells nobody */
    bool has_public;
    unsigned message_line;
    char message[KEY_WHY_SIZE / 2];
};

static int complain(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int complain(struct reading *reading, const char *format, ...) {
    va_list arguments;

    if (reading->message_line == 0) {
        reading->message_line = reading->line;
        va_start(arguments, format);
        (void)vsnprintf(reading->message, sizeof(reading->message), format, arguments);
        va_end(arguments);
    }
    return 0;
}

// The whole of a name, or any start of one and *.
static bool is_pattern(const char *text) {
    size_t size = strlen(text);

    if (text[size - 1] != '*') {
        return parse_is_app_name(text);
    }
    return size == 1 || (size <= APP_NAME_SIZE_MAX && text[0] >= 'a' && text[0] <= 'z' &&
                         strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") == size - 1);
}

static int add_apps(struct reading *reading, const char *names) {
    CLEANUP_FREE char *copy = strdup(names);
    char *apps = reading->key->apps, *rest = NULL;

    if (!copy) {
        return complain(reading, "%s", strerror(ENOMEM));
    }
    for (char *word = strtok_r(copy, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        size_t used = strlen(apps);

        if (!is_pattern(word)) {
            return complain(reading,
                            "apps: %.40s is neither the name of an app nor the start of "
                            "one and *",
                            word);
        }
        if (used + strlen(word) + 3 > KEY_APPS_SIZE) {
            return complain(reading, "apps: too many names");
        }
        (void)snprintf(apps + used, KEY_APPS_SIZE - used, "%s%s ", used ? "" : " ", word);
    }
    return 1;
}

static int set_public(struct reading *reading, const char *value) {
    struct key *key = reading->key;

    if (reading->has_public) {
        return complain(reading, "public is set twice");
    }
    if (signature_parse_key(value, &key->id, key->public_key) != 0) {
        return complain(reading, "public: not a public key; take the second line of minisign's "
                                 "file");
    }
    reading->has_public = true;
    return 1;
}

// inih's handler: 1 is success.
static int on_value(void *context, const char *section, const char *name, const char *value) {
    struct reading *reading = context;

    if (strcmp(section, "key") != 0) {
        return complain(reading, "there is no section [%.40s], only [key]", section);
    }
    if (strcmp(name, "public") == 0) {
        return set_public(reading, value);
    }
    if (strcmp(name, "apps") == 0) {
        return add_apps(reading, value);
    }
    return complain(reading, "there is no key %.40s, only public and apps", name);
}

// inih's reader, like fgets(). A line that it would cut becomes one that it refuses.
static char *next_line(char *line, int size, void *context) {
    struct reading *reading = context;
    size_t length = strcspn(reading->text, "\n");

    if (reading->text[0] == '\0') {
        return NULL;
    }
    reading->line++;
    if (length > LINE_SIZE_MAX || length + 2 > (size_t)size) {
        (void)complain(reading, "longer than %d bytes; write more lines", LINE_SIZE_MAX);
        (void)snprintf(line, (size_t)size, "?\n");
    } else {
        (void)snprintf(line, (size_t)size, "%.*s\n", (int)length, reading->text);
    }
    reading->text += length + (reading->text[length] == '\n');
    return line;
}

int key_parse(const char *text, size_t size, struct key *ret_key, char why[KEY_WHY_SIZE]) {
    struct key key = {0};
    struct reading reading = {.text = text, .key = &key};
    int line;

    if (strlen(text) != size) {
        return REFUSE(why, "1: a NUL byte somewhere");
    }
    line = ini_parse_stream(next_line, &reading, on_value, &reading);
    if (line < 0) {
        return -ENOMEM;
    }
    if (reading.message_line > 0 && (unsigned)line >= reading.message_line) {
        return REFUSE(why, "%u: %s", reading.message_line, reading.message);
    }
    if (line > 0) {
        return REFUSE(why, "%d: neither [key] nor KEY = VALUE", line);
    }
    if (!reading.has_public || key.apps[0] == '\0') {
        return REFUSE(why, "%u: no %s", reading.line, reading.has_public ? "apps" : "public");
    }
    *ret_key = key;
    return 0;
}

// -- a directory ---------------------------------------------------------------------------------

static int is_key_file(const struct dirent *entry) {
    size_t size = strlen(entry->d_name);

    return entry->d_name[0] != '.' && size > strlen(SUFFIX) &&
           strcmp(entry->d_name + size - strlen(SUFFIX), SUFFIX) == 0;
}

static int read_key(int directory, const char *name, struct key *ret_key, char *why) {
    char text[KEY_FILE_SIZE_MAX + 1];
    char reason[GUARDED_WHY_SIZE] = "is gone";
    size_t size = 0;
    int r = guarded_read(directory, name, text, sizeof(text), &size, reason);

    if (r != 0) {
        return REFUSE(why, " %s", reason);
    }
    r = key_parse(text, size, ret_key, why);
    if (r == 0) {
        ret_key->file = strdup(name);
        r = ret_key->file ? 0 : -ENOMEM;
    }
    return r;
}

static int read_all(int fd, const char *directory, struct dirent **entries, size_t n_entries,
                    struct keys *keys) {
    keys->items = calloc(n_entries ? n_entries : 1, sizeof(*keys->items));
    if (!keys->items) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < n_entries; i++) {
        char why[KEY_WHY_SIZE];
        int r = read_key(fd, entries[i]->d_name, &keys->items[keys->n_items], why);

        if (r < 0) {
            return r;
        }
        if (r > 0) {
            log_warning("%s/%s:%s; this key counts for nothing", directory, entries[i]->d_name,
                        why);
        }
        keys->n_items += r == 0;
    }
    return 0;
}

int keys_read(const char *directory, struct keys *ret_keys, char why[KEY_WHY_SIZE]) {
    CLEANUP(keys_done) struct keys keys = {.directory = strdup(directory)};
    CLEANUP_FD int fd = -1;
    char reason[GUARDED_WHY_SIZE];
    struct dirent **entries = NULL;
    int n = 0, r = keys.directory ? guarded_open(directory, &fd, reason) : -ENOMEM;

    if (r == GUARDED_ABSENT) {
        *ret_keys = keys;
        keys = (struct keys){0};
        return 0;
    }
    if (r < 0) {
        return r;
    }
    if (r != 0) {
        return REFUSE(why, "%.100s: %.180s", directory, reason);
    }
    n = scandirat(fd, ".", &entries, is_key_file, alphasort);
    if (n < 0) {
        return errno == ENOMEM ? -ENOMEM : REFUSE(why, "%.100s: %s", directory, strerror(errno));
    }
    r = read_all(fd, directory, entries, (size_t)n, &keys);
    for (int i = 0; i < n; i++) {
        free(entries[i]);
    }
    free(entries);
    if (r == 0) {
        *ret_keys = keys;
        keys = (struct keys){0};
    }
    return r;
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

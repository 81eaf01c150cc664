// SPDX-License-Identifier: MIT
#include "daemon/config/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/settings.h"
#include "call/policy-keys.h"
#include "call/wire.h"
#include "daemon/config/config-given.h"
#include "daemon/config/config-values.h"
#include "daemon/storage/storage.h"

#define DAY_USEC (24ull * 3600 * 1000000)
#define HOUR_USEC (3600ull * 1000000)
#define CPU_MAX 4095
#define QUOTA_MAX 100000

struct entry {
    const char *section, *key;
    const struct config_kind *kind;
    size_t offset; /* of the field in struct config */
    uint64_t min, max;
    const char *initial; /* text of the default; NULL: none */
    enum config_applies applies;
};

#define AT(field) offsetof(struct config, field)

static const struct entry entries[] = {
    {"grants", POLICY_NAME_LISTEN, &config_listen, AT(listen), 0, 0, NULL, CONFIG_NARROW},
    {"grants", POLICY_NAME_CONNECT, &config_connect, AT(connect), 0, 0, NULL, CONFIG_NARROW},

    {"limits", "handles", &config_number, AT(handles), 1, WIRE_HANDLES, "1024", CONFIG_NARROW},
    {"limits", "log_rate", &config_number, AT(log_rate), 1, 10000, "10000", CONFIG_NOW},
    {"limits", "arena", &config_bytes, AT(arena_size), WIRE_ARENA_MIN, WIRE_ARENA_MAX, "16M",
     CONFIG_NEXT},
    {"limits", "heap", &config_bytes, AT(heap_size), 16u << 10, 512u << 20, "512M", CONFIG_NEXT},
    {"limits", "storage", &config_bytes, AT(storage), 0, STORAGE_QUOTA_MAX, "1024G", CONFIG_NOW},
    {"limits", "doorbells", &config_number, AT(doorbells), 1000, 10000000, "100000", CONFIG_NOW},
    {"limits", "calls", &config_number, AT(calls), 10, CONFIG_CALLS_ANY, "100000000", CONFIG_NOW},
    {"limits", "cpu", &config_number, AT(quota_percent), 0, QUOTA_MAX, "0", CONFIG_UNIT},

    {"health", "ready", &config_time, AT(ready_usec), 100000, HOUR_USEC, "1h", CONFIG_NOW},
    {"health", "heartbeat", &config_time, AT(heartbeat_usec), 100000, HOUR_USEC, "1h", CONFIG_NOW},
    {"health", "cpu", &config_number, AT(cpu_percent), 1, 100, "100", CONFIG_NOW},
    {"health", "cpu_window", &config_time, AT(cpu_window_usec), 100000, HOUR_USEC, "10s",
     CONFIG_NOW},

    {"stop", "stop", &config_time, AT(stop_usec), 0, DAY_USEC, "5s", CONFIG_NOW},
    {"stop", "abort", &config_time, AT(abort_usec), 0, DAY_USEC, "2s", CONFIG_NOW},

    {"restart", "restart", &config_when, AT(restart), 0, 0, "on-failure", CONFIG_NOW},
    {"restart", "delay", &config_time, AT(restart_delay_usec), 0, DAY_USEC, "100ms", CONFIG_NOW},
    {"restart", "delay_max", &config_time, AT(restart_delay_max_usec), 0, DAY_USEC, "10s",
     CONFIG_NOW},
    {"restart", "burst", &config_number, AT(restart_burst), 1, 1000, "5", CONFIG_NOW},
    {"restart", "window", &config_time, AT(restart_window_usec), 0, DAY_USEC, "60s", CONFIG_NOW},

    {"update", "probation", &config_time, AT(probation_usec), 0, DAY_USEC, "30s", CONFIG_NOW},
    {"trace", "payloads", &config_flag, AT(trace_payloads), 0, 0, "no", CONFIG_NOW},

    {"sandbox", "optional", &config_layers, AT(optional), 0, 0, "", CONFIG_NEXT},
    {"sandbox", "cpu", &config_processor, AT(cpu), 0, CPU_MAX, "same", CONFIG_NEXT},
    {"sandbox", "spin", &config_time, AT(spin_usec), 0, 1000, "20us", CONFIG_NEXT},
};
#define N_ENTRIES (sizeof(entries) / sizeof(entries[0]))
_Static_assert(N_ENTRIES <= CONFIG_ROWS_MAX, "config has a setting for each");

static int store_text(struct config *config, const struct entry *entry, const char *text,
                      unsigned line, char why[CONFIG_WHY_SIZE]) {
    const struct config_value value = {
        .kind = entry->kind, .min = entry->min, .max = entry->max, .text = text, .line = line};

    return config_value_store(&value, (char *)config + entry->offset, why);
}

int config_init(struct config *config) {
    char why[CONFIG_WHY_SIZE];

    *config = (struct config){0};
    for (size_t i = 0; i < N_ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        int r = entry->initial ? store_text(config, entry, entry->initial, 0, why) : 0;

        if (r < 0) {
            config_done(config);
            return r;
        }
    }
    return 0;
}

static void grants_done(struct config_grants *grants) {
    for (size_t i = 0; i < grants->n_items; i++) {
        free(grants->items[i]);
    }
    free(grants->items);
    free(grants->lines);
    *grants = (struct config_grants){0};
}

void config_done(struct config *config) {
    grants_done(&config->listen);
    grants_done(&config->connect);
    config_given_done(&config->given);
    free(config->optional);
    for (size_t i = 0; i < N_ENTRIES; i++) {
        free(config->settings[i].text);
    }
    *config = (struct config){0};
}

// -- a file --------------------------------------------------------------------------------------

struct reading {
    struct config *config;
    const char *file;
    unsigned lines[N_ENTRIES]; /* that set each key last; 0: none */
};

// Keeps what the file says of a key, for those who show it. The lines of a list are one setting.
static int keep(struct reading *reading, size_t index, const char *text, bool is_first) {
    struct config_setting *setting = &reading->config->settings[index];
    CLEANUP_FREE char *before = setting->text;
    int r = 0;

    setting->text = NULL;
    setting->file = reading->file;
    if (is_first || !before) { // or what came before was refused
        setting->line = reading->lines[index];
        setting->text = strdup(text);
        return setting->text ? 0 : -ENOMEM;
    }
    r = asprintf(&setting->text, "%s%s%s", before, *before && *text ? ", " : "", text);
    if (r < 0) {
        setting->text = NULL;
        return -ENOMEM;
    }
    return 0;
}

static int store(struct settings *settings, size_t index, const char *text) {
    struct reading *reading = settings_context(settings);
    const struct entry *entry = &entries[index];
    unsigned line = settings_line(settings);
    bool is_first = reading->lines[index] == 0;
    char why[CONFIG_WHY_SIZE];
    int r;

    if (!is_first && !config_kind_is_list(entry->kind)) {
        return settings_complain(settings, line, "[%s] %s is set twice", entry->section,
                                 entry->key);
    }
    reading->lines[index] = line;
    if (is_first && config_kind_is_list(entry->kind)) {
        struct config_grants *grants =
            (struct config_grants *)((char *)reading->config + entry->offset);

        grants_done(grants);
        grants->file = reading->file;
    }
    r = store_text(reading->config, entry, text, line, why);
    if (r == 0) {
        r = keep(reading, index, text, is_first);
    }
    return r == -EINVAL
               ? settings_complain(settings, line, "[%s] %s: %s", entry->section, entry->key, why)
               : r;
}

static int store_given(struct settings *settings, const char *name, const char *path) {
    struct reading *reading = settings_context(settings);
    unsigned line = settings_line(settings);
    char why[CONFIG_WHY_SIZE];
    int r = config_given_set(&reading->config->given, name, path, reading->file, line, why);

    return r == -EINVAL ? settings_complain(settings, line, "[" CONFIG_GIVEN_SECTION "] %.40s: %s",
                                            name, why)
                        : r;
}

static int set(struct settings *settings, const char *section, const char *key, const char *value) {
    if (strcmp(section, CONFIG_GIVEN_SECTION) == 0) {
        return store_given(settings, key, value);
    }
    for (size_t i = 0; i < N_ENTRIES; i++) {
        if (strcmp(entries[i].section, section) == 0 && strcmp(entries[i].key, key) == 0) {
            return store(settings, i, value);
        }
    }
    if (section[0] == '\0') {
        return settings_complain(settings, settings_line(settings), "%.40s stands in no section",
                                 key);
    }
    return settings_complain(settings, settings_line(settings), "there is no key %.40s in [%.40s]",
                             key, section);
}

static bool has_section(const char *name, size_t size) {
    for (size_t i = 0; i < N_ENTRIES; i++) {
        if (strlen(entries[i].section) == size && memcmp(entries[i].section, name, size) == 0) {
            return true;
        }
    }
    return size == strlen(CONFIG_GIVEN_SECTION) && memcmp(CONFIG_GIVEN_SECTION, name, size) == 0;
}

// Names of files, which values refer to, whichever configuration they move to. There are few.
static const char *keep_name(const char *name) {
    static char **names;
    static size_t n_names;
    char **grown;

    for (size_t i = 0; i < n_names; i++) {
        if (strcmp(names[i], name) == 0) {
            return names[i];
        }
    }
    grown = reallocarray(names, n_names + 1, sizeof(*names));
    if (!grown) {
        return NULL;
    }
    names = grown;
    names[n_names] = strdup(name);
    return names[n_names] ? names[n_names++] : NULL;
}

int config_read(struct config *config, FILE *file, const char *name, char why[CONFIG_WHY_SIZE]) {
    struct reading reading = {.config = config};
    const struct settings_form form = {has_section, set, NULL, &reading};
    char reason[SETTINGS_WHY_SIZE];
    int r = 0;

    if (config->n_files == CONFIG_FILES_MAX) {
        return -E2BIG;
    }
    reading.file = config->files[config->n_files] = keep_name(name);
    if (!reading.file) {
        return -ENOMEM;
    }
    config->n_files++;
    r = settings_read(file, &form, reason);
    if (r == SETTINGS_REFUSED) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "%.200s:%s", name, reason);
        return -EINVAL;
    }
    return r;
}

// -- all of them ---------------------------------------------------------------------------------

static const struct config_setting *setting_of(const struct config *config, size_t offset) {
    size_t i = 0;

    while (entries[i].offset != offset) {
        i++;
    }
    return &config->settings[i];
}

static size_t file_number(const struct config *config, const struct config_setting *setting) {
    for (size_t i = 0; setting->file && i < config->n_files; i++) {
        if (config->files[i] == setting->file) { // one string for one name
            return i + 1;
        }
    }
    return 0;
}

static bool is_later(const struct config *config, const struct config_setting *one,
                     const struct config_setting *other) {
    size_t a = file_number(config, one), b = file_number(config, other);

    return a > b || (a == b && one->line > other->line);
}

// Told at the later of the two lines.
int config_check(const struct config *config, char why[CONFIG_WHY_SIZE]) {
    const struct config_setting *delay = setting_of(config, AT(restart_delay_usec));
    const struct config_setting *delay_max = setting_of(config, AT(restart_delay_max_usec));
    const struct config_setting *at = is_later(config, delay, delay_max) ? delay : delay_max;

    if (config->restart_delay_usec <= config->restart_delay_max_usec) {
        return 0;
    }
    (void)snprintf(why, CONFIG_WHY_SIZE, "%.200s:%u: [restart] delay%s is longer than delay_max%s",
                   at->file, at->line, delay->text ? "" : " (100ms by default)",
                   delay_max->text ? "" : " (10s by default)");
    return -EINVAL;
}

bool config_get_row(const struct config *config, size_t index, struct config_row *ret_row) {
    const struct config_setting *setting = &config->settings[index];

    if (index >= N_ENTRIES) {
        return false;
    }
    *ret_row = (struct config_row){
        .section = entries[index].section,
        .key = entries[index].key,
        .text = setting->text ? setting->text : entries[index].initial,
        .file = setting->file,
        .line = setting->line,
        .applies = entries[index].applies,
    };
    return true;
}

// -- another -------------------------------------------------------------------------------------

static void swap_bytes(void *one, void *other, size_t size) {
    char *a = one, *b = other;

    for (size_t i = 0; i < size; i++) {
        char byte = a[i];

        a[i] = b[i];
        b[i] = byte;
    }
}

void config_swap_row(struct config *one, struct config *other, size_t index) {
    size_t offset = entries[index].offset;

    swap_bytes((char *)one + offset, (char *)other + offset, config_kind_size(entries[index].kind));
    swap_bytes(&one->settings[index], &other->settings[index], sizeof(one->settings[index]));
}

void config_swap_files(struct config *one, struct config *other) {
    swap_bytes(one->files, other->files, sizeof(one->files));
    swap_bytes(&one->n_files, &other->n_files, sizeof(one->n_files));
}

// SPDX-License-Identifier: MIT
#include "daemon/config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/settings.h"
#include "call/policy-keys.h"
#include "call/wire.h"
#include "daemon/config-values.h"

#define DAY_USEC (24ull * 3600 * 1000000)
#define CPU_MAX 4095

struct entry {
    const char *section, *key;
    const struct config_kind *kind;
    size_t offset; /* of the field in struct config */
    uint64_t min, max;
    const char *initial; /* text of the default; NULL: none */
};

#define AT(field) offsetof(struct config, field)

static const struct entry entries[] = {
    {"grants", POLICY_NAME_LISTEN, &config_listen, AT(listen), 0, 0, NULL},
    {"grants", POLICY_NAME_CONNECT, &config_connect, AT(connect), 0, 0, NULL},

    {"limits", "handles", &config_number, AT(handles), 1, WIRE_HANDLES, "1024"},
    {"limits", "log_rate", &config_number, AT(log_rate), 1, 10000, "10000"},
    {"limits", "arena", &config_bytes, AT(arena_size), WIRE_ARENA_MIN, WIRE_ARENA_MAX, "16M"},
    {"limits", "heap", &config_bytes, AT(heap_size), 16u << 10, 512u << 20, "512M"},
    {"limits", "doorbells", &config_number, AT(doorbells), 1000, 10000000, "100000"},

    {"stop", "stop", &config_time, AT(stop_usec), 0, DAY_USEC, "5s"},
    {"stop", "abort", &config_time, AT(abort_usec), 0, DAY_USEC, "2s"},

    {"restart", "restart", &config_when, AT(restart), 0, 0, "on-failure"},
    {"restart", "delay", &config_time, AT(restart_delay_usec), 0, DAY_USEC, "100ms"},
    {"restart", "delay_max", &config_time, AT(restart_delay_max_usec), 0, DAY_USEC, "10s"},
    {"restart", "burst", &config_number, AT(restart_burst), 1, 1000, "5"},
    {"restart", "window", &config_time, AT(restart_window_usec), 0, DAY_USEC, "60s"},

    {"sandbox", "optional", &config_layers, AT(optional), 0, 0, ""},
    {"sandbox", "cpu", &config_processor, AT(cpu), 0, CPU_MAX, "same"},
    {"sandbox", "spin", &config_time, AT(spin_usec), 0, 1000, "20us"},
};
#define N_ENTRIES (sizeof(entries) / sizeof(entries[0]))

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
}

void config_done(struct config *config) {
    grants_done(&config->listen);
    grants_done(&config->connect);
    free(config->optional);
    *config = (struct config){0};
}

// -- the file ------------------------------------------------------------------------------------

struct reading {
    struct config *config;
    unsigned lines[N_ENTRIES]; /* that set each key last; 0: none */
};

static int store(struct settings *settings, size_t index, const char *text) {
    struct reading *reading = settings_context(settings);
    const struct entry *entry = &entries[index];
    unsigned line = settings_line(settings);
    char why[CONFIG_WHY_SIZE];
    int r;

    if (reading->lines[index] > 0 && !config_kind_is_list(entry->kind)) {
        return settings_complain(settings, line, "[%s] %s is set twice", entry->section,
                                 entry->key);
    }
    reading->lines[index] = line;
    r = store_text(reading->config, entry, text, line, why);
    return r == -EINVAL
               ? settings_complain(settings, line, "[%s] %s: %s", entry->section, entry->key, why)
               : r;
}

static int set(struct settings *settings, const char *section, const char *key, const char *value) {
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
    return false;
}

static unsigned line_of(const struct reading *reading, size_t offset) {
    for (size_t i = 0; i < N_ENTRIES; i++) {
        if (entries[i].offset == offset) {
            return reading->lines[i];
        }
    }
    return 0;
}

// What only shows once all is read. Told at the later of the two lines.
static int check_together(struct settings *settings) {
    const struct reading *reading = settings_context(settings);
    const struct config *config = reading->config;
    unsigned delay = line_of(reading, AT(restart_delay_usec));
    unsigned delay_max = line_of(reading, AT(restart_delay_max_usec));

    if (config->restart_delay_usec <= config->restart_delay_max_usec) {
        return 0;
    }
    return settings_complain(settings, delay > delay_max ? delay : delay_max,
                             "[restart] delay%s is longer than delay_max%s",
                             delay == 0 ? " (100ms by default)" : "",
                             delay_max == 0 ? " (10s by default)" : "");
}

int config_read(struct config *config, FILE *file, const char *name, char why[CONFIG_WHY_SIZE]) {
    struct reading reading = {.config = config};
    const struct settings_form form = {has_section, set, check_together, &reading};
    char reason[SETTINGS_WHY_SIZE];
    int r = settings_read(file, &form, reason);

    if (r == SETTINGS_REFUSED) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "%.200s:%s", name, reason);
        return -EINVAL;
    }
    return r;
}

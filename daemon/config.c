// SPDX-License-Identifier: MIT
#include "daemon/config.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

// The library goes on after an error and tells the number of the first bad line only, so the first
// message is kept, with its line. Lines that it would cut, and headers, of which it forgives too
// much, are looked at before it sees them.
struct reading {
    struct config *config;
    FILE *file;
    unsigned line; /* the number of the one read last */
    char message[CONFIG_WHY_SIZE / 2];
    unsigned message_line;     /* 0: no message */
    int error;                 /* -ENOMEM, or 0 */
    unsigned lines[N_ENTRIES]; /* that set each key last; 0: none */
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

static int store(struct reading *reading, size_t index, const char *text) {
    const struct entry *entry = &entries[index];
    char why[CONFIG_WHY_SIZE];
    int r;

    if (reading->lines[index] > 0 && !config_kind_is_list(entry->kind)) {
        return complain(reading, "[%s] %s is set twice", entry->section, entry->key);
    }
    reading->lines[index] = reading->line;
    r = store_text(reading->config, entry, text, reading->line, why);
    if (r == -EINVAL) {
        return complain(reading, "[%s] %s: %s", entry->section, entry->key, why);
    }
    if (r < 0) {
        reading->error = r;
        return 0;
    }
    return 1;
}

// inih's handler: 1 is success.
static int on_value(void *context, const char *section, const char *key, const char *value) {
    struct reading *reading = context;

    for (size_t i = 0; i < N_ENTRIES; i++) {
        if (strcmp(entries[i].section, section) == 0 && strcmp(entries[i].key, key) == 0) {
            return store(reading, i, value);
        }
    }
    if (section[0] == '\0') {
        return complain(reading, "%.40s stands in no section", key);
    }
    return complain(reading, "there is no key %.40s in [%.40s]", key, section);
}

static bool is_section(const char *name, size_t size) {
    for (size_t i = 0; i < N_ENTRIES; i++) {
        if (strlen(entries[i].section) == size && memcmp(entries[i].section, name, size) == 0) {
            return true;
        }
    }
    return false;
}

// Whether LINE, if it is the header of a section, is a good one.
static bool check_header(struct reading *reading, const char *line) {
    const char *name = line + strspn(line, " \t"), *end, *rest;

    if (*name++ != '[') {
        return true;
    }
    end = strchr(name, ']');
    if (!end) {
        (void)complain(reading, "no ] ends the name of the section");
        return false;
    }
    if (!is_section(name, (size_t)(end - name))) {
        (void)complain(reading, "there is no section [%.*s]",
                       end - name > 40 ? 40 : (int)(end - name), name);
        return false;
    }
    rest = end + 1 + strspn(end + 1, " \t\r\n");
    if (*rest != '\0' && *rest != ';') {
        (void)complain(reading, "something follows the ] of the section");
        return false;
    }
    return true;
}

// As fgets() would, but says what it cannot take: returns -EINVAL then, 0 at the end, or 1.
static int read_line(struct reading *reading, char *line, int size) {
    int length = 0, c;

    reading->line++;
    while ((c = fgetc(reading->file)) != EOF && c != '\n') {
        if (c == '\0' || length + 3 >= size) {
            (void)complain(reading, c == '\0' ? "a NUL byte" : "the line is too long");
            return -EINVAL;
        }
        line[length++] = (char)c;
    }
    if (c == EOF && ferror(reading->file)) {
        reading->error = -EIO; // what Linux said is lost
        return 0;
    }
    if (c == EOF && length == 0) {
        return 0;
    }
    line[length++] = '\n';
    line[length] = '\0';
    return check_header(reading, line) ? 1 : -EINVAL;
}

// inih's reader, like fgets(). What it could only misread becomes a line that it refuses, since a
// line without "=" is an error of its own.
static char *next_line(char *line, int size, void *context) {
    static const char refused[] = "?\n";
    int r = read_line(context, line, size);

    if (r < 0) {
        memcpy(line, refused, sizeof(refused));
    }
    return r == 0 ? NULL : line;
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
static void check_together(struct reading *reading) {
    const struct config *config = reading->config;
    unsigned delay = line_of(reading, AT(restart_delay_usec));
    unsigned delay_max = line_of(reading, AT(restart_delay_max_usec));

    if (config->restart_delay_usec > config->restart_delay_max_usec) {
        reading->line = delay > delay_max ? delay : delay_max;
        (void)complain(reading, "[restart] delay%s is longer than delay_max%s",
                       delay == 0 ? " (100ms by default)" : "",
                       delay_max == 0 ? " (10s by default)" : "");
    }
}

int config_read(struct config *config, FILE *file, const char *name, char why[CONFIG_WHY_SIZE]) {
    struct reading reading = {.config = config, .file = file};
    int line = ini_parse_stream(next_line, &reading, on_value, &reading);

    if (reading.error < 0) {
        return reading.error;
    }
    if (line < 0) {
        return -ENOMEM;
    }
    if (line == 0) {
        check_together(&reading);
        line = (int)reading.message_line;
    }
    if (line > 0) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "%.200s:%d: %s", name, line,
                       reading.message_line == (unsigned)line
                           ? reading.message
                           : "neither [SECTION] nor KEY = VALUE");
        return -EINVAL;
    }
    return 0;
}

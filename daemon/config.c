// SPDX-License-Identifier: MIT
#include "daemon/config.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "call/policy-keys.h"
#include "call/wire.h"

#define DAY_USEC (24ull * 3600 * 1000000)
#define CPU_MAX 4095

struct reading;
struct entry;

// Stores TEXT into FIELD. Returns 0, -EINVAL or -ERANGE for a bad value, or -ENOMEM.
typedef int (*value_parser)(const struct entry *entry, const char *text, void *field);

struct entry {
    const char *section, *key;
    value_parser parse;
    size_t offset; /* of the field in struct config */
    uint64_t min, max;
    const char *initial; /* text of the default; NULL: none */
    const char *form;    /* what a good value is, for messages */
    bool repeatable;
};

static int parse_number(const struct entry *entry, const char *text, void *field) {
    return parse_u64(text, entry->min, entry->max, field);
}

static int parse_bytes(const struct entry *entry, const char *text, void *field) {
    return parse_size(text, entry->min, entry->max, field);
}

static int parse_time(const struct entry *entry, const char *text, void *field) {
    return parse_usec(text, entry->min, entry->max, field);
}

static int parse_restart(const struct entry *entry, const char *text, void *field) {
    static const char *const words[] = {[CONFIG_RESTART_NO] = "no",
                                        [CONFIG_RESTART_ON_FAILURE] = "on-failure",
                                        [CONFIG_RESTART_ALWAYS] = "always"};

    for (uint64_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(text, words[i]) == 0) {
            *(uint64_t *)field = i;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse_cpu(const struct entry *entry, const char *text, void *field) {
    uint64_t number = 0;
    int r = 0;

    if (strcmp(text, "same") == 0) {
        *(int64_t *)field = CONFIG_CPU_SAME;
    } else if (strcmp(text, "any") == 0) {
        *(int64_t *)field = CONFIG_CPU_ANY;
    } else {
        r = parse_u64(text, entry->min, entry->max, &number);
        if (r == 0) {
            *(int64_t *)field = (int64_t)number;
        }
    }
    return r;
}

// Names of sandbox layers. Whether there are such layers is for the sandbox to say.
static int parse_layers(const struct entry *entry, const char *text, void *field) {
    char **layers = field, *copy;

    if (text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-, ")] != '\0') {
        return -EINVAL;
    }
    copy = strdup(text);
    if (!copy) {
        return -ENOMEM;
    }
    free(*layers);
    *layers = copy;
    return 0;
}

static int add_grant(struct config_grants *grants, const char *text, size_t size) {
    char **grown;

    if (grants->n_items == CONFIG_GRANTS_MAX) {
        return -ERANGE;
    }
    grown = reallocarray(grants->items, grants->n_items + 1, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    grants->items = grown;
    grown[grants->n_items] = strndup(text, size);
    if (!grown[grants->n_items]) {
        return -ENOMEM;
    }
    grants->n_items++;
    return 0;
}

// Comma separated, and added to what earlier lines gave. Nothing at all is a list too: no grant.
static int parse_grants(const struct entry *entry, const char *text, void *field) {
    struct config_grants *grants = field;

    grants->set = true;
    while (*text != '\0') {
        size_t size = strcspn(text, ","), trimmed = size;
        int r;

        while (trimmed > 0 && text[trimmed - 1] == ' ') {
            trimmed--;
        }
        r = trimmed == 0 ? -EINVAL : add_grant(grants, text, trimmed);
        if (r < 0) {
            return r;
        }
        text += size;
        if (*text == ',') {
            text++;
            text += strspn(text, " ");
            if (*text == '\0') {
                return -EINVAL;
            }
        }
    }
    return 0;
}

#define AT(field) offsetof(struct config, field)

static const struct entry entries[] = {
    {"grants", POLICY_NAME_LISTEN, parse_grants, AT(listen), 0, 0, NULL, "a list of grants", true},
    {"grants", POLICY_NAME_CONNECT, parse_grants, AT(connect), 0, 0, NULL, "a list of grants",
     true},

    {"limits", "handles", parse_number, AT(handles), 1, WIRE_HANDLES, "1024", "a number", false},
    {"limits", "log_rate", parse_number, AT(log_rate), 1, 10000, "10000", "a number", false},
    {"limits", "arena", parse_bytes, AT(arena_size), WIRE_ARENA_MIN, WIRE_ARENA_MAX, "16M",
     "a number of bytes", false},
    {"limits", "heap", parse_bytes, AT(heap_size), 16u << 10, 512u << 20, "512M",
     "a number of bytes", false},
    {"limits", "doorbells", parse_number, AT(doorbells), 1000, 10000000, "100000", "a number",
     false},

    {"stop", "stop", parse_time, AT(stop_usec), 0, DAY_USEC, "5s", "a time span", false},
    {"stop", "abort", parse_time, AT(abort_usec), 0, DAY_USEC, "2s", "a time span", false},

    {"restart", "restart", parse_restart, AT(restart), 0, 0, "on-failure",
     "no, on-failure or always", false},
    {"restart", "delay", parse_time, AT(restart_delay_usec), 0, DAY_USEC, "100ms", "a time span",
     false},
    {"restart", "delay_max", parse_time, AT(restart_delay_max_usec), 0, DAY_USEC, "10s",
     "a time span", false},
    {"restart", "burst", parse_number, AT(restart_burst), 1, 1000, "5", "a number", false},
    {"restart", "window", parse_time, AT(restart_window_usec), 0, DAY_USEC, "60s", "a time span",
     false},

    {"sandbox", "optional", parse_layers, AT(optional), 0, 0, "", "a list of layers", false},
    {"sandbox", "cpu", parse_cpu, AT(cpu), 0, CPU_MAX, "same", "same, any or a CPU's number",
     false},
    {"sandbox", "spin", parse_time, AT(spin_usec), 0, 1000, "20us", "a time span", false},
};
#define N_ENTRIES (sizeof(entries) / sizeof(entries[0]))

static void *field_of(struct config *config, const struct entry *entry) {
    return (char *)config + entry->offset;
}

int config_init(struct config *config) {
    *config = (struct config){0};
    for (size_t i = 0; i < N_ENTRIES; i++) {
        const struct entry *entry = &entries[i];
        int r = entry->initial ? entry->parse(entry, entry->initial, field_of(config, entry)) : 0;

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
}

void config_done(struct config *config) {
    grants_done(&config->listen);
    grants_done(&config->connect);
    free(config->optional);
    *config = (struct config){0};
}

// -- the file ------------------------------------------------------------------------------------

// The library goes on after an error and tells lines apart only by the number of the first bad one,
// so the first message is kept, and lines that it would cut are found before it sees them.
struct reading {
    struct config *config;
    FILE *file;
    char message[CONFIG_WHY_SIZE / 2];
    bool failed;
    int error; /* -ENOMEM, or 0 */
    bool seen[N_ENTRIES];
};

static int complain(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int complain(struct reading *reading, const char *format, ...) {
    va_list arguments;

    if (!reading->failed) {
        reading->failed = true;
        va_start(arguments, format);
        (void)vsnprintf(reading->message, sizeof(reading->message), format, arguments);
        va_end(arguments);
    }
    return 0;
}

static bool is_section(const char *section) {
    for (size_t i = 0; i < N_ENTRIES; i++) {
        if (strcmp(entries[i].section, section) == 0) {
            return true;
        }
    }
    return false;
}

static int store(struct reading *reading, size_t index, const char *value) {
    const struct entry *entry = &entries[index];
    int r;

    if (reading->seen[index] && !entry->repeatable) {
        return complain(reading, "[%s] %s is set twice", entry->section, entry->key);
    }
    reading->seen[index] = true;
    r = entry->parse(entry, value, field_of(reading->config, entry));
    if (r == -ERANGE) {
        return complain(reading, "[%s] %s: \"%.80s\" is out of range", entry->section, entry->key,
                        value);
    }
    if (r == -EINVAL) {
        return complain(reading, "[%s] %s: \"%.80s\" is not %s", entry->section, entry->key, value,
                        entry->form);
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
    if (!is_section(section)) {
        return complain(reading, "there is no section [%.40s]", section);
    }
    return complain(reading, "there is no key %.40s in [%.40s]", key, section);
}

// inih's reader, like fgets(). What it could only misread becomes a line that it refuses, since a
// line without "=" is an error of its own.
static char *next_line(char *line, int size, void *context) {
    static const char refused[] = "?\n";
    struct reading *reading = context;
    int length = 0, c;

    while ((c = fgetc(reading->file)) != EOF && c != '\n') {
        if (c == '\0' || length + 3 >= size) {
            (void)complain(reading, c == '\0' ? "a NUL byte" : "the line is too long");
            memcpy(line, refused, sizeof(refused));
            return line;
        }
        line[length++] = (char)c;
    }
    if (c == EOF && length == 0) {
        return NULL;
    }
    line[length++] = '\n';
    line[length] = '\0';
    return line;
}

int config_read(struct config *config, FILE *file, const char *name, char why[CONFIG_WHY_SIZE]) {
    struct reading reading = {.config = config, .file = file};
    int line = ini_parse_stream(next_line, &reading, on_value, &reading);

    if (reading.error < 0) {
        return reading.error;
    }
    if (ferror(file)) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "%.200s: cannot be read", name);
        return -EINVAL;
    }
    if (line < 0) {
        return -ENOMEM;
    }
    if (line > 0) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "%.200s:%d: %s", name, line,
                       reading.failed ? reading.message : "neither [SECTION] nor KEY = VALUE");
        return -EINVAL;
    }
    return 0;
}

// SPDX-License-Identifier: MIT
#include "daemon/config/config-values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/parse.h"
#include "daemon/network/policy-rule.h"
#include "sandbox/sandbox.h"

struct unit {
    const char *name;
    uint64_t factor;
};

struct config_kind {
    // Returns 0, -EINVAL or -ERANGE for a bad value, or -ENOMEM. May say in WHY what is bad.
    int (*parse)(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]);
    const char *form;         /* what a good value is, for messages */
    const struct unit *units; /* in which a range is told, the largest first */
    size_t size;              /* bytes of the field */
    bool list;
};

// -- numbers -------------------------------------------------------------------------------------

static int parse_number(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    (void)why;
    return parse_u64(value->text, value->min, value->max, field);
}

static int parse_bytes(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    (void)why;
    return parse_size(value->text, value->min, value->max, field);
}

static int parse_time(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    (void)why;
    return parse_usec(value->text, value->min, value->max, field);
}

static const struct unit plain_units[] = {{"", 1}};
static const struct unit byte_units[] = {{"G", 1 << 30}, {"M", 1 << 20}, {"K", 1 << 10}, {"", 1}};
static const struct unit time_units[] = {
    {"h", 3600000000}, {"min", 60000000}, {"s", 1000000}, {"ms", 1000}, {"us", 1}};

const struct config_kind config_number = {parse_number, "a number", plain_units, 8, false};
const struct config_kind config_bytes = {parse_bytes, "a number of bytes", byte_units, 8, false};
const struct config_kind config_time = {parse_time, "a time span", time_units, 8, false};

// -- words ---------------------------------------------------------------------------------------

// Stores which of N_WORDS the value is.
static int parse_word(const struct config_value *value, void *field, const char *const *words,
                      size_t n_words) {
    for (uint64_t i = 0; i < n_words; i++) {
        if (strcmp(value->text, words[i]) == 0) {
            *(uint64_t *)field = i;
            return 0;
        }
    }
    return -EINVAL;
}

static int parse_when(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    static const char *const words[] = {[CONFIG_RESTART_NO] = "no",
                                        [CONFIG_RESTART_ON_FAILURE] = "on-failure",
                                        [CONFIG_RESTART_ALWAYS] = "always"};

    (void)why;
    return parse_word(value, field, words, sizeof(words) / sizeof(words[0]));
}

static int parse_flag(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    static const char *const words[] = {"no", "yes"};

    (void)why;
    return parse_word(value, field, words, sizeof(words) / sizeof(words[0]));
}

// Whether the process may run on the CPU is for the kernel to say; that there is one is known here.
static int parse_processor(const struct config_value *value, void *field,
                           char why[CONFIG_WHY_SIZE]) {
    long n_processors = sysconf(_SC_NPROCESSORS_CONF);
    uint64_t last = n_processors > 0 ? (uint64_t)n_processors - 1 : value->max, number = 0;
    int r = 0;

    if (strcmp(value->text, "same") == 0) {
        *(int64_t *)field = CONFIG_CPU_SAME;
    } else if (strcmp(value->text, "any") == 0) {
        *(int64_t *)field = CONFIG_CPU_ANY;
    } else {
        r = parse_u64(value->text, value->min, last, &number);
        if (r == -ERANGE) {
            (void)snprintf(why, CONFIG_WHY_SIZE,
                           "this machine has no CPU %.20s, the last one is %" PRIu64, value->text,
                           last);
            return -EINVAL;
        }
        if (r == 0) {
            *(int64_t *)field = (int64_t)number;
        }
    }
    return r;
}

const struct config_kind config_when = {parse_when, "no, on-failure or always", plain_units, 8,
                                        false};
const struct config_kind config_flag = {parse_flag, "yes or no", plain_units, 8, false};
const struct config_kind config_processor = {parse_processor, "same, any or a CPU's number",
                                             plain_units, 8, false};

// -- lists ---------------------------------------------------------------------------------------

// Separated as the sandbox separates them.
static int parse_layers(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    char **layers = field, *copy;
    size_t size = 0;

    for (const char *at = value->text; *at != '\0'; at += size) {
        at += strspn(at, ", ");
        size = strcspn(at, ", ");
        if (size > 0 && !sandbox_is_layer(at, size)) {
            (void)snprintf(why, CONFIG_WHY_SIZE,
                           "the sandbox has no layer \"%.*s\"; the log of a start names all",
                           size > 80 ? 80 : (int)size, at);
            return -EINVAL;
        }
    }
    copy = strdup(value->text);
    if (!copy) {
        return -ENOMEM;
    }
    free(*layers);
    *layers = copy;
    return 0;
}

static int grow_grants(struct config_grants *grants) {
    unsigned *lines = reallocarray(grants->lines, grants->n_items + 1, sizeof(*lines));
    char **items;

    if (!lines) {
        return -ENOMEM;
    }
    grants->lines = lines;
    items = reallocarray(grants->items, grants->n_items + 1, sizeof(*items));
    if (!items) {
        return -ENOMEM;
    }
    grants->items = items;
    return 0;
}

// Whether the manifest requests as much is not known yet, but a grant that is none is found here.
static int add_grant(struct config_grants *grants, enum policy_key direction, unsigned line,
                     char *text, char why[CONFIG_WHY_SIZE]) {
    struct policy_rule rule = {0};
    int r = 0;

    if (grants->n_items == CONFIG_GRANTS_MAX) {
        (void)snprintf(why, CONFIG_WHY_SIZE, "more than %u grants", CONFIG_GRANTS_MAX);
        return -EINVAL;
    }
    r = policy_parse_rule(direction, text, &rule, why);
    if (r < 0) {
        return r;
    }
    policy_rule_done(&rule);
    r = grow_grants(grants);
    if (r < 0) {
        return r;
    }
    grants->items[grants->n_items] = strdup(text);
    if (!grants->items[grants->n_items]) {
        return -ENOMEM;
    }
    grants->lines[grants->n_items++] = line;
    return 0;
}

// Comma separated, and added to what earlier lines gave. Nothing at all is a list too: no grant.
static int parse_grants(const struct config_value *value, enum policy_key direction,
                        struct config_grants *grants, char why[CONFIG_WHY_SIZE]) {
    const char *text = value->text;

    grants->set = true;
    while (*text != '\0') {
        size_t size = strcspn(text, ","), trimmed = size;
        char item[CONFIG_WHY_SIZE];
        int r;

        while (trimmed > 0 && text[trimmed - 1] == ' ') {
            trimmed--;
        }
        (void)snprintf(item, sizeof(item), "%.*s", (int)trimmed, text);
        r = trimmed == 0 || trimmed >= sizeof(item)
                ? -EINVAL
                : add_grant(grants, direction, value->line, item, why);
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

static int parse_listen(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    return parse_grants(value, POLICY_LISTEN, field, why);
}

static int parse_connect(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    return parse_grants(value, POLICY_CONNECT, field, why);
}

const struct config_kind config_layers = {parse_layers, "a list of layers", plain_units,
                                          sizeof(char *), false};
const struct config_kind config_listen = {parse_listen, "a list of grants", plain_units,
                                          sizeof(struct config_grants), true};
const struct config_kind config_connect = {parse_connect, "a list of grants", plain_units,
                                           sizeof(struct config_grants), true};

size_t config_kind_size(const struct config_kind *kind) {
    return kind->size;
}

bool config_kind_is_list(const struct config_kind *kind) {
    return kind->list;
}

// -- messages ------------------------------------------------------------------------------------

// NUMBER in the largest unit that gives a whole one; the last unit of every list is 1.
static void tell_number(const struct unit *units, uint64_t number, char text[32]) {
    while (number % units->factor != 0 || (number == 0 && units->factor != 1)) {
        units++;
    }
    (void)snprintf(text, 32, "%" PRIu64 "%s", number / units->factor,
                   number > 0 ? units->name : "");
}

static void tell_range(const struct config_value *value, char why[CONFIG_WHY_SIZE]) {
    char min[32], max[32];

    tell_number(value->kind->units, value->min, min);
    tell_number(value->kind->units, value->max, max);
    (void)snprintf(why, CONFIG_WHY_SIZE, "\"%.80s\" is not from %s to %s", value->text, min, max);
}

int config_value_store(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]) {
    int r = 0;

    why[0] = '\0';
    // No value has one: it was meant for a comment, and any other reason would only mislead.
    if (strchr(value->text, '#')) {
        (void)snprintf(why, CONFIG_WHY_SIZE,
                       "\"%.80s\": only a line of its own can be a comment with #; after a value, "
                       "write \" ;\"",
                       value->text);
        return -EINVAL;
    }
    r = value->kind->parse(value, field, why);
    if (r == -ERANGE) {
        tell_range(value, why);
        return -EINVAL;
    }
    if (r == -EINVAL && why[0] == '\0') {
        (void)snprintf(why, CONFIG_WHY_SIZE, "\"%.80s\" is not %s", value->text, value->kind->form);
    }
    return r;
}

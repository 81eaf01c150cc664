// SPDX-License-Identifier: MIT
#include "ctl/metrics.h"

#include <ctype.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "ctl/reply.h"
#include "ctl/verb.h"

// What the older format calls a type; types not listed have the same name.
static const char *older_type(const char *type) {
    return strcmp(type, "info") == 0 || strcmp(type, "stateset") == 0 ? "gauge" : type;
}

// [a-zA-Z_][a-zA-Z0-9_]*: a name that is in neither format is somebody's trick.
static bool is_name(const char *text) {
    if (isdigit((unsigned char)text[0]) || !text[0]) {
        return false;
    }
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && *text != '_') {
            return false;
        }
    }
    return true;
}

static int refuse(const char *app, const char *what) {
    log_error("%s: %s is no name of a metric", app, what);
    return CTL_INTERNAL;
}

// TEXT on one line, quotes escaped if it stands between some. What a terminal would obey, or is no
// text, becomes the replacement character.
static void print_escaped(const char *text, bool is_quoted) {
    size_t left = strlen(text);

    while (left > 0) {
        uint32_t point = 0;
        size_t n = utf8_decode((const uint8_t *)text, left, &point);

        if (*text == '\n') {
            (void)fputs("\\n", stdout);
        } else if (n == 0 || utf8_is_unsafe(point)) {
            (void)fputs("\xef\xbf\xbd", stdout);
        } else {
            bool is_escaped = *text == '\\' || (*text == '"' && is_quoted);

            printf("%s%.*s", is_escaped ? "\\" : "", (int)n, text);
        }
        n = n ? n : 1;
        text += n;
        left -= n;
    }
}

// As few digits as give the same number again.
static void print_value(double value) {
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    printf(" %s\n", text);
}

static int print_sample(const char *app, const char *name, struct json_object *sample) {
    const char *suffix = reply_text_or(sample, "suffix", "");
    struct json_object *labels = reply_object(sample, "labels");

    if (suffix[0] && !is_name(suffix)) {
        return refuse(app, suffix);
    }
    printf("%s%s{app=\"", name, suffix);
    print_escaped(app, true);
    (void)putchar('"');
    if (labels) {
        json_object_object_foreach(labels, key, value) {
            if (!is_name(key)) {
                return refuse(app, key);
            }
            printf(",%s=\"", key);
            print_escaped(value ? json_object_get_string(value) : "", true);
            (void)putchar('"');
        }
    }
    (void)putchar('}');
    print_value(reply_value(sample, "value"));
    return CTL_DONE;
}

// The lines in front of the samples. Counters are called NAME there, or, in the older format,
// NAME_total.
static void print_head(const char *name, struct json_object *family, bool is_openmetrics) {
    const char *said = reply_text_or(family, "type", "");
    const char *type = is_name(said) ? said : "unknown";
    const char *unit = reply_text_or(family, "unit", "");
    const char *suffix = is_openmetrics                 ? ""
                         : strcmp(type, "counter") == 0 ? "_total"
                         : strcmp(type, "info") == 0    ? "_info"
                                                        : "";

    printf("# HELP %s%s ", name, suffix);
    print_escaped(reply_text_or(family, "help", ""), is_openmetrics);
    printf("\n# TYPE %s%s %s\n", name, suffix, is_openmetrics ? type : older_type(type));
    if (is_openmetrics && is_name(unit)) {
        printf("# UNIT %s %s\n", name, unit);
    }
}

static int print_family(const struct metrics_source *sources, size_t n_sources, const char *name) {
    int r = CTL_DONE;

    for (size_t i = 0; i < n_sources; i++) {
        struct json_object *family = reply_find(sources[i].reply, "families", "name", name),
                           *sample;

        for (size_t j = 0; r == CTL_DONE && (sample = reply_member(family, "samples", j)); j++) {
            r = print_sample(sources[i].app, name, sample);
        }
    }
    return r;
}

static bool was_printed(const struct metrics_source *sources, size_t n_before, const char *name) {
    for (size_t i = 0; i < n_before; i++) {
        if (reply_find(sources[i].reply, "families", "name", name)) {
            return true;
        }
    }
    return false;
}

int metrics_print(const struct metrics_source *sources, size_t n_sources, bool is_openmetrics) {
    struct json_object *family;
    int r = CTL_DONE;

    for (size_t i = 0; i < n_sources; i++) {
        for (size_t j = 0; (family = reply_member(sources[i].reply, "families", j)); j++) {
            const char *name = reply_text_or(family, "name", "");

            if (was_printed(sources, i, name)) {
                continue;
            }
            if (!is_name(name)) {
                return refuse(sources[i].app, name);
            }
            print_head(name, family, is_openmetrics);
            r = print_family(sources + i, n_sources - i, name);
            if (r != CTL_DONE) {
                return r;
            }
        }
    }
    (void)fputs(is_openmetrics ? "# EOF\n" : "", stdout);
    return CTL_DONE;
}

// SPDX-License-Identifier: MIT
#include "base/parse.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#define APP_NAME_MAX 26

// Reads the digits TEXT begins with; *ret_end is what follows them.
static int parse_digits(const char *text, uint64_t *ret_value, const char **ret_end) {
    uint64_t value = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++) {
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value)) {
            return -ERANGE;
        }
    }
    if (p == text) {
        return -EINVAL;
    }
    *ret_value = value;
    *ret_end = p;
    return 0;
}

static int hexadecimal_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int parse_hexadecimal(const char *text, uint64_t *ret_value, const char **ret_end) {
    uint64_t value = 0;
    bool fits = true;
    const char *p = text;

    for (int digit; (digit = hexadecimal_digit(*p)) >= 0; p++) {
        fits = fits && value >> 60 == 0;
        value = value << 4 | (uint64_t)digit;
    }
    *ret_end = p;
    if (p == text) {
        return -EINVAL;
    }
    if (fits) {
        *ret_value = value;
    }
    return fits ? 0 : -ERANGE;
}

struct unit {
    const char *name;
    uint64_t factor;
};

static int parse_with_unit(const char *text, const struct unit *units, uint64_t min, uint64_t max,
                           uint64_t *ret_value) {
    uint64_t value = 0;
    const char *end = NULL;
    int r = parse_digits(text, &value, &end);

    if (r < 0) {
        return r;
    }
    while (units->name && strcmp(units->name, end) != 0) {
        units++;
    }
    if (!units->name) {
        return -EINVAL;
    }
    if (__builtin_mul_overflow(value, units->factor, &value) || value < min || value > max) {
        return -ERANGE;
    }
    *ret_value = value;
    return 0;
}

int parse_u64(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value) {
    static const struct unit units[] = {{"", 1}, {NULL, 0}};

    return parse_with_unit(text, units, min, max, ret_value);
}

int parse_size(const char *text, uint64_t min, uint64_t max, uint64_t *ret_bytes) {
    static const struct unit units[] = {
        {"", 1}, {"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {NULL, 0}};

    return parse_with_unit(text, units, min, max, ret_bytes);
}

int parse_usec(const char *text, uint64_t min, uint64_t max, uint64_t *ret_usec) {
    static const struct unit units[] = {
        {"", 1000000},        {"us", 1}, {"ms", 1000}, {"s", 1000000}, {"min", 60000000ULL},
        {"h", 3600000000ULL}, {NULL, 0}};

    return parse_with_unit(text, units, min, max, ret_usec);
}

int parse_bool(const char *text, bool *ret_value) {
    static const char *const yes[] = {"yes", "true", "on", "1"};
    static const char *const no[] = {"no", "false", "off", "0"};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
            *ret_value = strcmp(text, yes[i]) == 0;
            return 0;
        }
    }
    return -EINVAL;
}

// An app of such a name would speak in the log as one of our programs does, or have as its user's
// the name of a group that is there (systemd/mpyd.sysusers).
static bool is_reserved(const char *name) {
    static const char *const names[] = {"mpyd", "mpyctl", "mpyfreeze", "image"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return strncmp(name, "mpyd-", strlen("mpyd-")) == 0;
}

bool parse_is_app_name(const char *text) {
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

    if (is_reserved(text)) {
        return false;
    }
    return text[n] == '\0' && n >= 1 && n <= APP_NAME_MAX && text[0] >= 'a' && text[0] <= 'z';
}

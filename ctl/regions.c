// SPDX-License-Identifier: MIT
#include "ctl/regions.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/parse.h"
#include "image/why.h"

#define BLANK " \t\r"
#define FIELDS 4u
#define REASON_SIZE (REGIONS_WHY_SIZE - 32) /* a reason without the number of its line */

static int parse_number(const char *text, uint64_t *ret_value) {
    if (strncmp(text, "0x", 2) == 0) {
        const char *end;
        int r = parse_hexadecimal(text + 2, ret_value, &end);

        return *end ? -EINVAL : r;
    }
    return parse_size(text, 0, UINT64_MAX, ret_value);
}

// UINT64_MAX would be no place, and no address is that high.
static int parse_start(const char *text, uint64_t *ret_start) {
    int r = 0;

    if (strcmp(text, "-") == 0) {
        *ret_start = LAYOUT_ANYWHERE;
        return 0;
    }
    r = parse_number(text, ret_start);
    return r == 0 && *ret_start == LAYOUT_ANYWHERE ? -ERANGE : r;
}

static int refuse_number(const char *what, const char *text, int error, char *why) {
    why_write(why, REASON_SIZE, "%s %.40s is %s", what, text,
              error == -ERANGE ? "too large" : "no number; write 0x8000, 32768 or 32K");
    return -EINVAL;
}

// What is shown to people: no terminal's escape among it.
static bool is_name(const char *text) {
    while (isascii((unsigned char)*text) && isgraph((unsigned char)*text)) {
        text++;
    }
    return !*text;
}

// The fields of a line that has some, "" where one is missing.
static int parse_line(const char *const fields[FIELDS], struct layout_region *ret_region,
                      char *why) {
    struct layout_region region = {.name = fields[0], .within = fields[3][0] ? fields[3] : NULL};
    int r;

    if (!is_name(fields[0]) || !is_name(fields[3])) {
        why_write(why, REASON_SIZE, "%.40s is no name", is_name(fields[0]) ? fields[3] : fields[0]);
        return -EINVAL;
    }
    if (!fields[2][0]) {
        why_write(why, REASON_SIZE, "%.40s needs a start and a size", fields[0]);
        return -EINVAL;
    }
    r = parse_start(fields[1], &region.start);
    if (r < 0) {
        return refuse_number("start", fields[1], r, why);
    }
    r = parse_number(fields[2], &region.size);
    if (r < 0) {
        return refuse_number("size", fields[2], r, why);
    }
    *ret_region = region;
    return 0;
}

// Cuts LINE into FIELDS fields. Returns how many there are, or FIELDS + 1 for more.
static size_t cut(char *line, const char *fields[FIELDS]) {
    char *rest = line, *field;
    size_t n = 0;

    line[strcspn(line, "#")] = '\0';
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = "";
    }
    while ((field = strtok_r(rest, BLANK, &rest))) {
        if (n == FIELDS) {
            return FIELDS + 1;
        }
        fields[n++] = field;
    }
    return n;
}

int regions_parse(char *text, struct layout_region *regions, size_t *ret_n_regions,
                  char why[REGIONS_WHY_SIZE]) {
    char *rest = text, *line,
         reason[REASON_SIZE] = "more than a name, a start, a size "
                               "and an outer region";
    size_t n_regions = 0;

    for (unsigned number = 1; (line = strsep(&rest, "\n")); number++) {
        const char *fields[FIELDS];
        size_t n_fields = cut(line, fields);
        int r = n_fields > FIELDS ? -EINVAL : 0;

        if (n_fields == 0) {
            continue;
        }
        if (r == 0 && n_regions == REGIONS_MAX) {
            (void)snprintf(reason, sizeof(reason), "more than %u regions", REGIONS_MAX);
            r = -EINVAL;
        }
        if (r == 0) {
            r = parse_line(fields, &regions[n_regions++], reason);
        }
        if (r < 0) {
            why_write(why, REGIONS_WHY_SIZE, "%u: %s", number, reason);
            return r;
        }
    }
    *ret_n_regions = n_regions;
    return 0;
}

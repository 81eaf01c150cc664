// SPDX-License-Identifier: MIT

// What mpyctl reads besides images: files of symbols, lists of regions, crash reports and records
// of the audit log. The first byte of an input says which of them the rest is.

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/crash-text.h"
#include "ctl/denied.h"
#include "ctl/regions.h"
#include "ctl/reports.h"
#include "ctl/symbols.h"
#include "image/layout.h"
#include "tests/fuzz/fuzz.h"

#define PROBLEMS_MAX 4u

static void check_why(const char *why, size_t size) {
    REQUIRE(memchr(why, '\0', size) && why[0] != '\0' && is_printable_ascii(why));
}

// What is found is where it was said to be.
static void check_function(const struct symbols *symbols, const struct symbols_function *function) {
    struct symbols_place place;

    if (function->size == 0) {
        return;
    }
    REQUIRE(symbols_find(symbols, function->address + function->size - 1, &place) == 0);
    REQUIRE(place.function->address <= function->address + function->size - 1);
    REQUIRE(place.line == 0 || place.function->lines.n_items > 0);
}

static void check_symbols(const struct symbols *symbols) {
    struct symbols_place place;

    REQUIRE(symbols->format == SYMBOLS_FORMAT &&
            strlen(symbols->image_blake2b) == SYMBOLS_HASH_SIZE - 1);
    for (size_t i = 0; i < symbols->modules.n_items; i++) {
        const struct symbols_module *module = &symbols->modules.items[i];

        REQUIRE(is_harmless(module->file, strlen(module->file)));
        for (size_t k = 0; k < module->functions.n_items; k++) {
            const char *name = module->functions.items[k].name;

            REQUIRE(is_harmless(name, strlen(name)));
            check_function(symbols, &module->functions.items[k]);
        }
    }
    REQUIRE(symbols_find(symbols, UINT64_MAX, &place) == -ENOENT);
}

static void parse_symbols(const char *text, size_t size) {
    struct symbols symbols = {.format = 99};
    char why[SYMBOLS_WHY_SIZE];
    int r;

    memset(why, 'x', sizeof(why));
    r = symbols_parse(text, size, &symbols, why);
    REQUIRE(r == 0 || r == SYMBOLS_REFUSED);
    if (r == 0) {
        check_symbols(&symbols);
        symbols_done(&symbols);
        return;
    }
    check_why(why, sizeof(why));
    REQUIRE(symbols.format == 99 && !symbols.image_blake2b);
}

static void check_layout(const struct layout_region *regions, size_t n_regions) {
    struct layout_problem problems[PROBLEMS_MAX];
    size_t n = layout_check(regions, n_regions, problems, PROBLEMS_MAX);

    for (size_t i = 0; i < n && i < PROBLEMS_MAX; i++) {
        char text[LAYOUT_PROBLEM_SIZE];

        memset(text, 'x', sizeof(text));
        layout_describe(&problems[i], text);
        check_why(text, sizeof(text));
    }
    for (size_t i = 0; n == 0 && i < n_regions; i++) {
        const struct layout_region *region = &regions[i];

        REQUIRE(region->start == LAYOUT_ANYWHERE || region->size <= UINT64_MAX - region->start);
    }
}

static void parse_regions(char *text) {
    static struct layout_region regions[REGIONS_MAX];
    char why[REGIONS_WHY_SIZE];
    size_t n_regions = 99;
    int r;

    memset(why, 'x', sizeof(why));
    r = regions_parse(text, regions, &n_regions, why);
    REQUIRE(r == 0 || r == -EINVAL);
    if (r < 0) {
        check_why(why, sizeof(why));
        REQUIRE(why[0] >= '1' && why[0] <= '9' && n_regions == 99);
        return;
    }
    REQUIRE(n_regions <= REGIONS_MAX);
    check_layout(regions, n_regions);
}

// What people are shown of a report is lines, and nothing that a terminal obeys.
static void check_text(struct json_object *report) {
    char *text = NULL, *line, *rest;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);

    REQUIRE(stream);
    crash_text_write(stream, report, false);
    REQUIRE(fclose(stream) == 0 && strlen(text) == size && text[size - 1] == '\n');
    for (rest = text; (line = strsep(&rest, "\n")) && rest;) {
        REQUIRE(is_harmless(line, strlen(line)));
    }
    free(text);
}

static void parse_reports(const char *text, size_t size) {
    struct json_object *reports = reports_parse(text, size), *report;

    REQUIRE(!reports || reports_at(reports, 0));
    for (size_t i = 0; reports && (report = reports_at(reports, i)); i++) {
        check_text(report);
    }
    (void)json_object_put(reports);
}

static void read_record(const char *text, size_t size) {
    struct denied denied = {.usec = 1, .number = 99};

    if (denied_read(text, size, 61234, 7, &denied)) {
        REQUIRE(memmem(text, size, " uid=61234", 10) && memmem(text, size, " sig=31", 7));
    } else {
        REQUIRE(denied.usec == 1 && denied.number == 99);
    }
}

static void parse(uint8_t kind, char *text, size_t size) {
    if (kind == 255) {
        read_record(text, size);
    } else if (kind == 254) {
        parse_reports(text, size);
    } else if (kind % 2) {
        parse_regions(text);
    } else {
        parse_symbols(text, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input = {data, size};
    uint8_t kind = input_u8(&input);
    char *text = malloc(input.size + 1);

    if (text) {
        memcpy(text, input.data, input.size);
        text[input.size] = '\0';
        parse(kind, text, input.size);
    }
    free(text);
    return 0;
}

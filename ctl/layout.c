// SPDX-License-Identifier: MIT

// mpyctl layout: the map of an image's memory; and whether the regions of a list fit.

#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "ctl/file.h"
#include "ctl/image-file.h"
#include "ctl/json.h"
#include "ctl/print.h"
#include "ctl/regions.h"
#include "ctl/verbs.h"
#include "image/map.h"

#define LIST_SIZE_MAX (1u << 20)
#define PROBLEMS_MAX 64u

enum { OPTION_JSON, OPTION_KEY_FILE, OPTION_REGIONS };

const struct verb_option layout_options[] = {
    [OPTION_JSON] = {"json", NULL, "for programs: one JSON object"},
    [OPTION_KEY_FILE] = {"key-file", "FILE", "the key, where the image is encrypted"},
    [OPTION_REGIONS] = {"regions", "FILE",
                        "check a list, NAME START SIZE [WITHIN] a line, instead"},
    {0},
};

struct regions {
    const struct layout_region *items;
    size_t n_items;
};

static bool is_within(const struct layout_region *region, const char *outer) {
    return region->within && outer ? strcmp(region->within, outer) == 0 : region->within == outer;
}

// The one that comes after LAST among those within OUTER: by start, those without one last, and
// those of one start as they are listed. LAST NULL: the first.
static const struct layout_region *next_within(const struct regions *regions, const char *outer,
                                               const struct layout_region *last) {
    const struct layout_region *next = NULL;

    for (size_t i = 0; i < regions->n_items; i++) {
        const struct layout_region *region = &regions->items[i];
        bool is_later =
            !last || region->start > last->start || (region->start == last->start && region > last);

        if (is_later && is_within(region, outer) && (!next || region->start < next->start)) {
            next = region;
        }
    }
    return next;
}

static void print_region(const struct layout_region *region, int depth) {
    char start[24] = "-", end[24] = "-";

    if (region->start != LAYOUT_ANYWHERE) {
        (void)snprintf(start, sizeof(start), "%#" PRIx64, region->start);
        (void)snprintf(end, sizeof(end), "%#" PRIx64, region->start + region->size);
    }
    printf("%12s  %12s  %12" PRIu64 "  %*s%s\n", start, end, region->size, 2 * depth, "",
           region->name);
}

// Prints what is within OUTER, and what is within that. No deeper than there are regions: those
// that are within each other in a circle are within no outermost one.
static void print_within(const struct regions *regions, const char *outer, int depth) {
    const struct layout_region *region = NULL;

    while ((region = next_within(regions, outer, region))) {
        print_region(region, depth);
        print_within(regions, region->name, depth + 1);
    }
}

static void print_regions(const struct regions *regions) {
    printf("%12s  %12s  %12s  %s\n", "start", "end", "bytes", "region");
    print_within(regions, NULL, 0);
}

static struct json_object *list_regions(const struct regions *regions) {
    struct json_object *list = json_new_array();

    for (size_t i = 0; i < regions->n_items; i++) {
        const struct layout_region *region = &regions->items[i];
        struct json_object *object = json_new_object();

        json_set_text(object, "name", region->name);
        if (region->within) {
            json_set_text(object, "within", region->within);
        }
        if (region->start != LAYOUT_ANYWHERE) {
            json_set_number(object, "start", region->start);
        }
        json_set_number(object, "size", region->size);
        json_append(list, object);
    }
    return list;
}

// -- an image ------------------------------------------------------------------------------------

// What the manifest asks for; of what it does not ask for, nothing.
static struct json_object *list_limits(const struct image *image) {
    struct json_object *limits = json_new_object();

    json_set_number(limits, "memory", map_memory_limit(image));
    json_set_number(limits, "stack", map_stack_limit(image));
    if (image->manifest.handles > 0) {
        json_set_number(limits, "handles", image->manifest.handles);
    }
    if (image->manifest.log_rate > 0) {
        json_set_number(limits, "log_rate", image->manifest.log_rate);
    }
    return limits;
}

static void print_wish(const char *what, uint64_t wish, uint64_t otherwise) {
    if (wish > 0) {
        printf("%-10s%" PRIu64 "\n", what, wish);
    } else {
        printf("%-10s%" PRIu64 ", mpyd's default\n", what, otherwise);
    }
}

static void print_image(const struct image *image, const struct regions *regions) {
    print_regions(regions);
    printf("\nmemory    %" PRIu64 " bytes at most, RLIMIT_AS\n", map_memory_limit(image));
    printf("stack     %" PRIu64 " bytes at most, RLIMIT_STACK\n", map_stack_limit(image));
    print_wish("handles", image->manifest.handles, MANIFEST_HANDLES_DEFAULT);
    print_wish("log_rate", image->manifest.log_rate, MANIFEST_LOG_RATE_DEFAULT);
}

static void print_image_json(const struct image *image, const struct regions *regions) {
    struct json_object *object = json_new_object();

    json_set_text(object, "name", image->manifest.name);
    json_set_text(object, "version", image->manifest.version);
    json_set(object, "regions", list_regions(regions));
    json_set(object, "limits", list_limits(image));
    print_json(object);
}

static int show_image(const char *path, const char *key_file, bool is_json) {
    CLEANUP(image_file_done) struct image_file found = IMAGE_FILE_INIT;
    struct regions regions;
    struct map map;
    int r = image_file_need(path, key_file, &found); // the layout has been checked there

    if (r != CTL_DONE) {
        return r;
    }
    map_image(&found.image, &map);
    regions = (struct regions){map.regions, map.n_regions};
    (is_json ? print_image_json : print_image)(&found.image, &regions);
    return CTL_DONE;
}

// -- a list --------------------------------------------------------------------------------------

static void log_problems(const char *path, const struct layout_problem *problems, size_t n) {
    for (size_t i = 0; i < n && i < PROBLEMS_MAX; i++) {
        char text[LAYOUT_PROBLEM_SIZE];

        layout_describe(&problems[i], text);
        log_error("%s: %s", path, text);
    }
    if (n > PROBLEMS_MAX) {
        log_error("%s: %zu more problems", path, n - PROBLEMS_MAX);
    }
}

static int check_list(const char *path, bool is_json) {
    CLEANUP(file_done) struct file file = FILE_INIT;
    struct layout_problem problems[PROBLEMS_MAX];
    struct layout_region items[REGIONS_MAX];
    struct regions regions = {items, 0};
    char why[REGIONS_WHY_SIZE];
    size_t n;

    if (file_read(path, "a list of regions", LIST_SIZE_MAX, &file) < 0) {
        return CTL_FAILED;
    }
    if (strlen((char *)file.data) != file.size) {
        log_error("%s: cannot be a list of regions: has a NUL byte", path);
        return CTL_FAILED;
    }
    if (regions_parse((char *)file.data, items, &regions.n_items, why) < 0) {
        log_error("%s:%s", path, why);
        return CTL_FAILED;
    }
    n = layout_check(items, regions.n_items, problems, PROBLEMS_MAX);
    if (n > 0) {
        log_problems(path, problems, n);
        return CTL_FAILED;
    }
    if (is_json) {
        struct json_object *object = json_new_object();

        json_set(object, "regions", list_regions(&regions));
        print_json(object);
    } else {
        print_regions(&regions);
    }
    return CTL_DONE;
}

int layout_run(const struct verb_arguments *arguments) {
    const char *image = arguments->operands[0], *list = arguments->values[OPTION_REGIONS];
    bool is_json = arguments->values[OPTION_JSON];

    if (!image == !list) {
        log_error("layout: %s; try mpyctl layout --help",
                  image ? "an image and a list; name one" : "missing IMAGE");
        return CTL_USAGE;
    }
    return image ? show_image(image, arguments->values[OPTION_KEY_FILE], is_json)
                 : check_list(list, is_json);
}

// SPDX-License-Identifier: MIT
#include "ctl/symbols.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/fields.h"
#include "image/why.h"

#define DEPTH_MAX 8 /* file, modules, module, functions, function, lines, line, number */
#define ADDRESS_MAX (1ull << 40) /* no image has a higher one: image/elf.c */
#define MODULES_MAX 8192
#define FUNCTIONS_MAX (1u << 20)
#define LINES_MAX (1u << 20)

static bool is_hash(const char *text) {
    return strlen(text) == SYMBOLS_HASH_SIZE - 1 &&
           strspn(text, "0123456789abcdef") == SYMBOLS_HASH_SIZE - 1;
}

#define IN_LINE(member) .offset = offsetof(struct symbols_line, member)

static const struct field line_fields[] = {
    {"offset", FIELD_NUMBER, IN_LINE(offset), .max = UINT32_MAX},
    {"line", FIELD_NUMBER, IN_LINE(line), .min = 1, .max = UINT32_MAX},
    {NULL},
};

#define IN_FUNCTION(member) .offset = offsetof(struct symbols_function, member)

static const struct field function_fields[] = {
    {"name", FIELD_UNICODE, IN_FUNCTION(name)},
    {"offset", FIELD_NUMBER, IN_FUNCTION(address), .max = ADDRESS_MAX},
    {"size", FIELD_NUMBER, IN_FUNCTION(size), .max = UINT32_MAX},
    {"lines", FIELD_ROWS, IN_FUNCTION(lines), .max = LINES_MAX, .fields = line_fields,
     .item_size = sizeof(struct symbols_line)},
    {NULL},
};

#define IN_MODULE(member) .offset = offsetof(struct symbols_module, member)

static const struct field module_fields[] = {
    {"name", FIELD_UNICODE, IN_MODULE(name)},
    {"file", FIELD_UNICODE, IN_MODULE(file)},
    {"functions", FIELD_OBJECTS, IN_MODULE(functions), .max = FUNCTIONS_MAX,
     .fields = function_fields, .item_size = sizeof(struct symbols_function)},
    {NULL},
};

#define AT(member) .offset = offsetof(struct symbols, member)

static const struct field symbols_fields[] = {
    {"format", FIELD_NUMBER, AT(format), .min = SYMBOLS_FORMAT, .max = SYMBOLS_FORMAT},
    {"image_blake2b", FIELD_TEXT, AT(image_blake2b), .check = is_hash},
    {"modules", FIELD_OBJECTS, AT(modules), .max = MODULES_MAX, .fields = module_fields,
     .item_size = sizeof(struct symbols_module)},
    {NULL},
};

// The arrays are filled through the reader's own view of them.
#define SAME_LAYOUT(type)                                                                          \
    (sizeof(struct type) == sizeof(struct field_array) &&                                          \
     offsetof(struct type, items) == offsetof(struct field_array, items) &&                        \
     offsetof(struct type, n_items) == offsetof(struct field_array, n_items))
_Static_assert(SAME_LAYOUT(symbols_lines), "filled as a field_array");
_Static_assert(SAME_LAYOUT(symbols_functions), "filled as a field_array");
_Static_assert(SAME_LAYOUT(symbols_modules), "filled as a field_array");

static void json_free(struct json_object **object) {
    (void)json_object_put(*object);
}

static int check_lines(const struct symbols_function *function, char *why) {
    const struct symbols_lines *lines = &function->lines;

    for (size_t i = 1; i < lines->n_items; i++) {
        if (lines->items[i].offset <= lines->items[i - 1].offset) {
            return why_refuse(why, SYMBOLS_WHY_SIZE,
                              "symbols: lines of the function at %llu: offset %llu follows %llu",
                              (unsigned long long)function->address,
                              (unsigned long long)lines->items[i].offset,
                              (unsigned long long)lines->items[i - 1].offset);
        }
    }
    return 0;
}

static int check_modules(const struct symbols *symbols, char *why) {
    for (size_t i = 0; i < symbols->modules.n_items; i++) {
        const struct symbols_functions *functions = &symbols->modules.items[i].functions;

        for (size_t k = 0; k < functions->n_items; k++) {
            int r = check_lines(&functions->items[k], why);

            if (r != 0) {
                return r;
            }
        }
    }
    return 0;
}

static int compare_places(const void *one, const void *other) {
    uint64_t a = ((const struct symbols_place *)one)->function->address;
    uint64_t b = ((const struct symbols_place *)other)->function->address;

    return a < b ? -1 : a > b;
}

static size_t count_functions(const struct symbols *symbols) {
    size_t n = 0;

    for (size_t i = 0; i < symbols->modules.n_items; i++) {
        n += symbols->modules.items[i].functions.n_items;
    }
    return n;
}

// Sorts the functions by their addresses, for symbols_find(): no two may share a byte.
static int sort_functions(struct symbols *symbols, char *why) {
    size_t n = count_functions(symbols);

    symbols->places = calloc(n ? n : 1, sizeof(*symbols->places));
    if (!symbols->places) {
        return -ENOMEM;
    }
    for (size_t i = 0; i < symbols->modules.n_items; i++) {
        const struct symbols_module *module = &symbols->modules.items[i];

        for (size_t k = 0; k < module->functions.n_items; k++) {
            const struct symbols_function *function = &module->functions.items[k];

            if (function->size > 0) {
                symbols->places[symbols->n_places++] = (struct symbols_place){module, function, 0};
            }
        }
    }
    qsort(symbols->places, symbols->n_places, sizeof(*symbols->places), compare_places);
    for (size_t i = 1; i < symbols->n_places; i++) {
        const struct symbols_function *one = symbols->places[i - 1].function;
        const struct symbols_function *next = symbols->places[i].function;

        if (next->address - one->address < one->size) {
            return why_refuse(why, SYMBOLS_WHY_SIZE,
                              "symbols: the functions at %llu and %llu overlap",
                              (unsigned long long)one->address, (unsigned long long)next->address);
        }
    }
    return 0;
}

int symbols_parse(const char *text, size_t size, struct symbols *ret_symbols,
                  char why[SYMBOLS_WHY_SIZE]) {
    const struct field_reader reader = {"symbols", why, SYMBOLS_WHY_SIZE};
    CLEANUP(json_free) struct json_object *object = NULL;
    CLEANUP(symbols_done) struct symbols symbols = {0};
    int r = 0;

    if (size > SYMBOLS_SIZE_MAX) {
        return why_refuse(why, SYMBOLS_WHY_SIZE, "symbols: %zu bytes, more than %u", size,
                          SYMBOLS_SIZE_MAX);
    }
    r = field_parse(&reader, text, size, DEPTH_MAX, &object);
    if (r == 0) {
        r = field_read(&reader, object, symbols_fields, &symbols);
    }
    if (r == 0) {
        r = check_modules(&symbols, why);
    }
    if (r == 0) {
        r = sort_functions(&symbols, why);
    }
    if (r != 0) {
        return r;
    }
    *ret_symbols = symbols;
    symbols = (struct symbols){0};
    return 0;
}

static void functions_done(struct symbols_functions *functions) {
    for (size_t i = 0; i < functions->n_items; i++) {
        free(functions->items[i].name);
        free(functions->items[i].lines.items);
    }
    free(functions->items);
}

void symbols_done(struct symbols *symbols) {
    for (size_t i = 0; i < symbols->modules.n_items; i++) {
        struct symbols_module *module = &symbols->modules.items[i];

        free(module->name);
        free(module->file);
        functions_done(&module->functions);
    }
    free(symbols->modules.items);
    free(symbols->places);
    free(symbols->image_blake2b);
    *symbols = (struct symbols){0};
}

// The line of the last of LINES that begins at OFFSET or before it.
static uint64_t find_line(const struct symbols_lines *lines, uint64_t offset) {
    size_t first = 0, n = lines->n_items; /* those before FIRST begin at OFFSET or before it */

    while (n > 0) {
        size_t half = n / 2;

        if (lines->items[first + half].offset <= offset) {
            first += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return first > 0 ? lines->items[first - 1].line : 0;
}

static int compare_address(const void *key, const void *item) {
    const struct symbols_function *function = ((const struct symbols_place *)item)->function;
    uint64_t address = *(const uint64_t *)key;

    return address < function->address ? -1 : address - function->address >= function->size ? 1 : 0;
}

int symbols_find(const struct symbols *symbols, uint64_t address, struct symbols_place *ret_place) {
    const struct symbols_place *found = symbols->n_places == 0
                                            ? NULL
                                            : bsearch(&address, symbols->places, symbols->n_places,
                                                      sizeof(*symbols->places), compare_address);

    if (!found) {
        return -ENOENT;
    }
    *ret_place = *found;
    ret_place->line = find_line(&found->function->lines, address - found->function->address);
    return 0;
}

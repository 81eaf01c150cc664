// SPDX-License-Identifier: MIT
#pragma once

// The file of symbols that mpyfreeze leaves beside an image: which function and which line of a
// source each address of the image's code is of. The vendor keeps it.

#include <stddef.h>
#include <stdint.h>

#define SYMBOLS_FORMAT 1
#define SYMBOLS_SIZE_MAX (8u << 20) /* bytes of JSON, of fifty times as much in memory */
#define SYMBOLS_HASH_SIZE 129       /* bytes of BLAKE2b-512 as b2sum(1) writes it, with NUL */
#define SYMBOLS_WHY_SIZE 256        /* bytes of a reason, NUL included */

enum { SYMBOLS_REFUSED = 1 };

// From OFFSET in the function's bytes on, up to the next, is LINE.
struct symbols_line {
    uint64_t offset, line;
};

struct symbols_lines {
    struct symbols_line *items;
    size_t n_items;
};

struct symbols_function {
    char *name;
    uint64_t address, size;     /* of its bytes, in the image */
    struct symbols_lines lines; /* ascending by offset; none: native code */
};

struct symbols_functions {
    struct symbols_function *items;
    size_t n_items;
};

struct symbols_module {
    char *name, *file;
    struct symbols_functions functions;
};

struct symbols_modules {
    struct symbols_module *items;
    size_t n_items;
};

// What is at an address.
struct symbols_place {
    const struct symbols_module *module;
    const struct symbols_function *function;
    uint64_t line; /* 0: not known */
};

struct symbols {
    uint64_t format;
    char *image_blake2b; /* of the image in plain, SYMBOLS_HASH_SIZE bytes of text */
    struct symbols_modules modules;
    struct symbols_place *places; /* of every function that has bytes, ascending */
    size_t n_places;
};

// Reads the SIZE bytes of JSON at TEXT. Returns 0 and *ret_symbols, freed by symbols_done();
// SYMBOLS_REFUSED with the reason in WHY, one line; or -ENOMEM.
int symbols_parse(const char *text, size_t size, struct symbols *ret_symbols,
                  char why[SYMBOLS_WHY_SIZE]);

void symbols_done(struct symbols *symbols);

// Finds what is at ADDRESS of the image. Returns 0 and *ret_place, or -ENOENT.
int symbols_find(const struct symbols *symbols, uint64_t address, struct symbols_place *ret_place);

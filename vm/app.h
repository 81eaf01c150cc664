// SPDX-License-Identifier: MIT
#pragma once

// What mpyfreeze tells the VM about the app it is linked with. One definition, generated per image.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct app_image {
    const char *name;
    const char *version;
    const char *entry; /* module run as __main__ */
    const char *boot;  /* module imported just before that, or NULL */
    char *heap;        /* the VM's heap, in .bss: touched lazily */
    size_t heap_size;
    size_t stack_size; /* bytes of C stack the app may use */
    size_t arena_size;
    const uint8_t *resources; /* ROMFS mounted read-only at /res, or NULL */
    size_t resources_size;
    const char *const *arguments; /* of sys.argv behind the name; NULL-terminated */
    bool lines_stripped;          /* no function has line numbers */
};

extern const struct app_image app_image;

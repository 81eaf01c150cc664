// SPDX-License-Identifier: MIT
#pragma once

// Files of settings, "[SECTION]" and "KEY = VALUE", read by inih, which forgives too much: here
// lines that it would cut, bytes that it would not see and headers that are none are refused, and
// the first thing wrong is told with its line.

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SETTINGS_WHY_SIZE 256 /* bytes of a reason, NUL included */

enum { SETTINGS_REFUSED = 1 };

struct settings; /* a file while it is read */

struct settings_form {
    // Whether there may be a section of this name, of SIZE bytes.
    bool (*has_section)(const char *name, size_t size);

    // Takes a value, of no section if SECTION is "". Returns 0; SETTINGS_REFUSED, as
    // settings_complain() does; or -errno.
    int (*set)(struct settings *settings, const char *section, const char *key, const char *value);

    // All is read, and nothing was wrong with any line. Returns as set() does. NULL: nothing to do.
    int (*finish)(struct settings *settings);

    void *context;
};

// Reads FILE, which stays open. Returns 0; SETTINGS_REFUSED with "LINE: message" in WHY, one line
// that quotes the file as it is; -ENOMEM, -EIO or what FORM returned.
int settings_read(FILE *file, const struct settings_form *form, char why[SETTINGS_WHY_SIZE]);

// For the functions of a form: what they were given, and the number of the line that was read last.
void *settings_context(const struct settings *settings);
unsigned settings_line(const struct settings *settings);

// Says what is wrong with line LINE. The first message counts. Returns SETTINGS_REFUSED.
int settings_complain(struct settings *settings, unsigned line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

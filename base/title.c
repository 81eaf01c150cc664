// SPDX-License-Identifier: MIT
#include "base/title.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *title_start;
static size_t title_size; /* bytes from the first argument on that may be overwritten */

// Moves the environment away: it follows the arguments, and its room is needed for long titles.
// The copies live as long as the process.
static int move_environment(void) {
    size_t n = 0;

    while (environ[n]) {
        n++;
    }
    char **copy = calloc(n + 1, sizeof(*copy));

    if (!copy) {
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        copy[i] = strdup(environ[i]);
        if (!copy[i]) {
            while (i > 0) {
                free(copy[--i]);
            }
            free(copy);
            return -1;
        }
    }
    environ = copy;
    return 0;
}

void title_init(int argc, char **argv) {
    char *end = NULL;

    if (argc < 1 || !argv[0]) {
        return;
    }
    end = argv[0];
    // The kernel lays the strings out back to back; stop where somebody has changed that.
    for (int i = 0; i < argc && argv[i] == end; i++) {
        end += strlen(end) + 1;
    }
    for (char **variable = environ; *variable && *variable == end; variable++) {
        end += strlen(end) + 1;
    }
    if (move_environment() == 0) {
        title_start = argv[0];
        title_size = (size_t)(end - argv[0]);
    }
}

// proc(5): the kernel shows up to the first NUL once the arguments' last byte is no longer one.
void title_set(const char *format, ...) {
    char title[256] = "";
    va_list arguments;

    if (!title_start) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(title, sizeof(title), format, arguments);
    va_end(arguments);
    memset(title_start, 0, title_size);
    (void)snprintf(title_start, title_size, "%s", title);
}

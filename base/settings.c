// SPDX-License-Identifier: MIT
#include "base/settings.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <string.h>

#define SHOWN_MAX 40 /* bytes of a name in a message */

// The library goes on after an error and tells the number of the first bad line only, so the first
// message is kept, with its line.
struct settings {
    const struct settings_form *form;
    FILE *file;
    unsigned line; /* the number of the one read last */
    char message[SETTINGS_WHY_SIZE - 16];
    unsigned message_line; /* 0: no message */
    int error;             /* -errno, or 0 */
};

void *settings_context(const struct settings *settings) {
    return settings->form->context;
}

unsigned settings_line(const struct settings *settings) {
    return settings->line;
}

int settings_complain(struct settings *settings, unsigned line, const char *format, ...) {
    va_list arguments;

    if (settings->message_line == 0) {
        settings->message_line = line > 0 ? line : 1; // an empty file has no line
        va_start(arguments, format);
        (void)vsnprintf(settings->message, sizeof(settings->message), format, arguments);
        va_end(arguments);
    }
    return SETTINGS_REFUSED;
}

// inih's handler: 1 is success.
static int on_value(void *context, const char *section, const char *key, const char *value) {
    struct settings *settings = context;
    int r = settings->form->set(settings, section, key, value);

    if (r < 0 && settings->error == 0) {
        settings->error = r;
    }
    return r == 0;
}

// Whether LINE, if it is the header of a section, is a good one.
static bool check_header(struct settings *settings, const char *line) {
    const char *name = line + strspn(line, " \t"), *end, *rest;

    if (*name++ != '[') {
        return true;
    }
    end = strchr(name, ']');
    if (!end) {
        (void)settings_complain(settings, settings->line, "no ] ends the name of the section");
        return false;
    }
    if (!settings->form->has_section(name, (size_t)(end - name))) {
        (void)settings_complain(settings, settings->line, "there is no section [%.*s]",
                                end - name > SHOWN_MAX ? SHOWN_MAX : (int)(end - name), name);
        return false;
    }
    rest = end + 1 + strspn(end + 1, " \t\r\n");
    if (*rest != '\0' && *rest != ';') {
        (void)settings_complain(settings, settings->line, "something follows the ] of the section");
        return false;
    }
    return true;
}

// As fgets() would, but says what it cannot take: returns -EINVAL then, 0 at the end, or 1.
static int read_line(struct settings *settings, char *line, int size) {
    int length = 0, c;

    settings->line++;
    while ((c = fgetc(settings->file)) != EOF && c != '\n') {
        if (c == '\0' || length + 3 >= size) {
            (void)settings_complain(settings, settings->line,
                                    c == '\0' ? "a NUL byte" : "the line is too long");
            return -EINVAL;
        }
        line[length++] = (char)c;
    }
    if (c == EOF && ferror(settings->file)) {
        settings->error = -EIO; // what Linux said is lost
        return 0;
    }
    if (c == EOF && length == 0) {
        settings->line--; // there is none
        return 0;
    }
    line[length++] = '\n';
    line[length] = '\0';
    return check_header(settings, line) ? 1 : -EINVAL;
}

// inih's reader, like fgets(). What it could only misread becomes a line that it refuses, since a
// line without "=" is an error of its own.
static char *next_line(char *line, int size, void *context) {
    static const char refused[] = "?\n";
    int r = read_line(context, line, size);

    if (r < 0) {
        memcpy(line, refused, sizeof(refused));
    }
    return r == 0 ? NULL : line;
}

int settings_read(FILE *file, const struct settings_form *form, char why[SETTINGS_WHY_SIZE]) {
    struct settings settings = {.form = form, .file = file};
    int line = ini_parse_stream(next_line, &settings, on_value, &settings);

    if (settings.error < 0) {
        return settings.error;
    }
    if (line < 0) {
        return -ENOMEM;
    }
    if (line == 0 && form->finish) {
        int r = form->finish(&settings);

        if (r < 0) {
            return r;
        }
        line = r == 0 ? 0 : (int)settings.message_line;
    }
    if (line > 0) {
        (void)snprintf(why, SETTINGS_WHY_SIZE, "%d: %s", line,
                       settings.message_line == (unsigned)line
                           ? settings.message
                           : "neither [SECTION] nor KEY = VALUE");
        return SETTINGS_REFUSED;
    }
    return 0;
}

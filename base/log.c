// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define LINE_MAX_SIZE 8192

static const char *log_name = "mpyd";
static int log_level = LOG_INFO;

void log_set_name(const char *name) {
    log_name = name;
}

void log_set_level(int level) {
    log_level = level;
}

// systemd.exec(5): JOURNAL_STREAM holds device:inode of the journal's stream; it may be inherited
// by programs whose standard error has since gone elsewhere.
static bool stderr_is_journal(void) {
    static int known = -1;
    unsigned long long device = 0, inode = 0;
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat st;

    if (known < 0) {
        known = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
                fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
    }
    return known;
}

// NAME: who speaks, or NULL for the daemon, whom the journal knows by itself.
static void log_line(const char *name, int level, const char *detail, const char *format,
                     va_list arguments) {
    char line[LINE_MAX_SIZE];
    int n = 0;

    if (level > log_level) {
        return;
    }
    if (stderr_is_journal()) {
        n = snprintf(line, sizeof(line), "<%d>%s%s", level, name ? name : "", name ? ": " : "");
    } else {
        n = snprintf(line, sizeof(line), "%s: ", name ? name : log_name);
    }
    n += vsnprintf(line + n, sizeof(line) - (size_t)n, format, arguments);
    if (detail && n < (int)sizeof(line)) {
        n += snprintf(line + n, sizeof(line) - (size_t)n, ": %s", detail);
    }
    if (n > (int)sizeof(line) - 2) {
        n = (int)sizeof(line) - 2;
    }
    line[n++] = '\n';
    (void)fd_write_all(STDERR_FILENO, line, (size_t)n);
}

void log_message(int level, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    log_line(NULL, level, NULL, format, arguments);
    va_end(arguments);
}

void log_message_as(const char *name, int level, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    log_line(name, level, NULL, format, arguments);
    va_end(arguments);
}

int log_errno(int error, const char *format, ...) {
    int saved = errno;
    va_list arguments;

    va_start(arguments, format);
    log_line(NULL, LOG_ERR, strerror(abs(error)), format, arguments);
    va_end(arguments);
    errno = saved;
    return -abs(error);
}

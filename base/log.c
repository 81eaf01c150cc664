// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log-sink.h"
#include "base/utf8.h"

#define LINE_MAX_SIZE 8192
#define LAST_PATIENCE_MSEC 500
#define ESCAPED_MIN 16 /* bytes that any character fits into, and "..." */

static const char *log_name = "mpyd";
static int log_level = LOG_INFO;

static void (*on_stalled)(void *context); /* set: the loop runs, and nothing may wait */
static void *on_stalled_context;

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
        // NOLINTNEXTLINE(cert-err34-c): a number too large is none that fstat() gives
        known = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
                fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
    }
    return known;
}

// Messages quote names of files, and whoever gave a file its name may want to speak to the
// terminal, or to forge a line. Takes the length and returns the new one.
static size_t escape(char line[LINE_MAX_SIZE], size_t size) {
    const size_t room = LINE_MAX_SIZE - 1; // a line break follows
    char text[LINE_MAX_SIZE];
    const char *rest = text;
    size_t n = 0;

    (void)memcpy(text, line, size);
    text[size] = '\0';
    while (rest && room - n > ESCAPED_MIN) {
        rest = escape_line(rest, line + n, room - n);
        n += strlen(line + n);
        if (rest && room - n > ESCAPED_MIN) {
            n += (size_t)snprintf(line + n, room - n, "\\x0a");
        }
    }
    return n;
}

// NAME: who speaks, or NULL for the daemon, whom the journal knows by itself. Returns the length.
static size_t format_line(char line[LINE_MAX_SIZE], const char *name, int level, const char *detail,
                          const char *format, va_list arguments) {
    int n = 0;

    if (stderr_is_journal()) {
        n = snprintf(line, LINE_MAX_SIZE, "<%d>%s%s", level, name ? name : "", name ? ": " : "");
    } else {
        n = snprintf(line, LINE_MAX_SIZE, "%s: ", name ? name : log_name);
    }
    n += vsnprintf(line + n, LINE_MAX_SIZE - (size_t)n, format, arguments);
    if (detail && n < LINE_MAX_SIZE) {
        n += snprintf(line + n, LINE_MAX_SIZE - (size_t)n, ": %s", detail);
    }
    if (n > LINE_MAX_SIZE - 2) {
        n = LINE_MAX_SIZE - 2;
    }
    if (!utf8_is_harmless(line, (size_t)n)) {
        n = (int)escape(line, (size_t)n);
    }
    line[n++] = '\n';
    return (size_t)n;
}

static void write_line(const char *name, int level, const char *detail, const char *format,
                       va_list arguments) {
    char line[LINE_MAX_SIZE];

    log_sink_write(line, format_line(line, name, level, detail, format, arguments));
}

// Not counted as lost itself if it is lost again.
static void write_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void write_report(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    write_line(NULL, LOG_WARNING, NULL, format, arguments);
    va_end(arguments);
}

// Says what was lost once the reader has caught up: where the gap is.
static void report_lost(void) {
    uint64_t n = log_sink_is_empty() ? log_sink_take_lost() : 0;

    if (n > 0) {
        write_report("%" PRIu64 " lines of the log were lost, nobody took them", n);
        if (log_sink_take_lost() > 0) {
            log_sink_lose(n);
        }
    }
}

static void log_line(const char *name, int level, const char *detail, const char *format,
                     va_list arguments) {
    if (level > log_level) {
        return;
    }
    log_sink_flush();
    report_lost();
    write_line(name, level, detail, format, arguments);
    if (on_stalled && !log_sink_is_empty()) {
        on_stalled(on_stalled_context);
    }
}

bool log_flush(void) {
    log_sink_flush();
    report_lost();
    return log_sink_is_empty();
}

void log_hurry(void (*function)(void *context), void *context) {
    on_stalled = function;
    on_stalled_context = context;
    log_sink_set_patience(function ? 0 : LAST_PATIENCE_MSEC);
    (void)log_flush();
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

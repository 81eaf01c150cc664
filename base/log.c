// SPDX-License-Identifier: MIT
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "base/log-journal.h"
#include "base/log-sink.h"
#include "base/utf8.h"

#define LINE_MAX_SIZE 8192
#define LAST_PATIENCE_MSEC 500
#define FIELDS_OURS 9u
#define ESCAPED_MIN 16 /* bytes that any character fits into, and "..." */

static const char *log_name = "mpyd";
static int log_level = LOG_INFO;
static struct { const char *app, *image, *call; /* or NULL */ } common; /* what every entry says */

static void (*on_stalled)(void *context); /* set: the loop runs, and nothing may wait */
static void *on_stalled_context;

void log_set_name(const char *name) {
    log_name = name;
}

void log_set_app(const char *app, const char *image) {
    common.app = app;
    common.image = image;
}

void log_set_call(const char *call) {
    common.call = call;
}

void log_set_level(int level) {
    log_level = level;
}

// A message on its way: who speaks, and what is told with it.
struct message {
    const char *name; /* NULL: the daemon itself */
    int level;
    const char *detail; /* behind a colon; or NULL */
    const char *id;     /* of the event; or NULL */
    const struct log_field *fields;
    size_t n_fields;
};

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

// Who speaks, in front of a line. The journal knows the daemon by itself, and the level of an
// entry.
static size_t format_name(char line[LINE_MAX_SIZE], const struct message *message, bool is_entry) {
    size_t n = 0;

    if (!log_journal_is_stderr()) {
        return (size_t)snprintf(line, LINE_MAX_SIZE,
                                "%s: ", message->name ? message->name : log_name);
    }
    n = is_entry ? 0 : (size_t)snprintf(line, LINE_MAX_SIZE, "<%d>", message->level);
    return n + (size_t)snprintf(line + n, LINE_MAX_SIZE - n, "%s%s",
                                message->name ? message->name : "", message->name ? "> " : "");
}

// Formats what stands behind the N bytes of LINE. Returns the length of all, a byte of room left.
static size_t format_rest(char line[LINE_MAX_SIZE], size_t n, const char *detail,
                          const char *format, va_list arguments) {
    n += (size_t)vsnprintf(line + n, LINE_MAX_SIZE - n, format, arguments);
    if (detail && n < LINE_MAX_SIZE) {
        n += (size_t)snprintf(line + n, LINE_MAX_SIZE - n, ": %s", detail);
    }
    if (n > LINE_MAX_SIZE - 2) {
        n = LINE_MAX_SIZE - 2;
    }
    return utf8_is_harmless(line, n) ? n : escape(line, n);
}

static void add(struct log_field *fields, size_t *n, const char *name, const char *value) {
    if (value) {
        fields[(*n)++] = (struct log_field){name, value};
    }
}

// Returns whether the journal took TEXT. Entries do not overtake lines that wait for it.
static bool send_entry(const struct message *message, const char *text) {
    static const char *const levels[] = {"emerg",   "alert",  "crit", "err",
                                         "warning", "notice", "info", "debug"};
    const char priority[] = {(char)('0' + message->level), '\0'};
    struct log_field fields[FIELDS_OURS + LOG_EVENT_FIELDS_MAX];
    size_t n = 0;

    assert(message->n_fields <= LOG_EVENT_FIELDS_MAX);
    if (!log_sink_is_empty()) {
        return false;
    }
    add(fields, &n, "MESSAGE", text);
    add(fields, &n, "PRIORITY", priority);
    add(fields, &n, "LEVEL", levels[message->level]);
    add(fields, &n, "SYSLOG_IDENTIFIER", log_name);
    add(fields, &n, "APP", common.app);
    add(fields, &n, "IMAGE", common.image);
    add(fields, &n, "CALL", common.call);
    add(fields, &n, "MESSAGE_ID", message->id);
    // Of whom has ended meanwhile, the journal does not find out the unit by itself.
    add(fields, &n, "INVOCATION_ID", getenv("INVOCATION_ID"));
    for (size_t i = 0; i < message->n_fields; i++) {
        fields[n++] = message->fields[i];
    }
    return log_journal_send(fields, n);
}

static void write_message(const struct message *message, const char *format, va_list arguments) {
    char line[LINE_MAX_SIZE];
    size_t n = 0;
    va_list again;

    va_copy(again, arguments);
    if (log_journal_is_there()) {
        n = format_rest(line, format_name(line, message, true), message->detail, format, again);
        line[n] = '\0';
    }
    va_end(again);
    if (n > 0 && send_entry(message, line)) {
        return;
    }
    n = format_rest(line, format_name(line, message, false), message->detail, format, arguments);
    line[n++] = '\n';
    log_sink_write(line, n);
}

// Not counted as lost itself if it is lost again.
static void write_report(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void write_report(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    write_message(&(struct message){.level = LOG_WARNING}, format, arguments);
    va_end(arguments);
}

// Says what was lost once the reader has caught up: where the gap is.
static void report_lost(void) {
    uint64_t n = 0;

    if (log_sink_is_empty() && log_journal_is_empty()) {
        n = log_sink_take_lost() + log_journal_take_lost();
    }
    if (n > 0) {
        write_report("%" PRIu64 " lines of the log were lost, nobody took them", n);
        if (log_sink_take_lost() + log_journal_take_lost() > 0) {
            log_sink_lose(n);
        }
    }
}

static bool is_empty(void) {
    return log_sink_is_empty() && log_journal_is_empty();
}

static void flush(int timeout_msec) {
    log_sink_flush();
    log_journal_flush(timeout_msec);
    report_lost();
}

static void log_line(const struct message *message, const char *format, va_list arguments) {
    if (message->level > log_level) {
        return;
    }
    flush(0);
    write_message(message, format, arguments);
    if (on_stalled && !is_empty()) {
        on_stalled(on_stalled_context);
    }
}

bool log_flush(void) {
    flush(0);
    return is_empty();
}

int log_waiting_fd(void) {
    return log_journal_is_empty() ? log_sink_fd() : log_journal_fd();
}

void log_hurry(void (*function)(void *context), void *context) {
    on_stalled = function;
    on_stalled_context = context;
    log_sink_set_patience(function ? 0 : LAST_PATIENCE_MSEC);
    flush(function ? 0 : LAST_PATIENCE_MSEC);
}

void log_message(int level, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    log_line(&(struct message){.level = level}, format, arguments);
    va_end(arguments);
}

void log_message_as(const char *name, int level, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    log_line(&(struct message){.name = name, .level = level}, format, arguments);
    va_end(arguments);
}

void log_event(const char *id, int level, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    log_line(&(struct message){.level = level, .id = id}, format, arguments);
    va_end(arguments);
}

void log_event_with(const char *id, const struct log_field *fields, size_t n_fields, int level,
                    const char *format, ...) {
    const struct message message = {
        .level = level, .id = id, .fields = fields, .n_fields = n_fields};
    va_list arguments;

    va_start(arguments, format);
    log_line(&message, format, arguments);
    va_end(arguments);
}

int log_errno(int error, const char *format, ...) {
    int saved = errno;
    va_list arguments;

    va_start(arguments, format);
    log_line(&(struct message){.level = LOG_ERR, .detail = strerror(abs(error))}, format,
             arguments);
    va_end(arguments);
    errno = saved;
    return -abs(error);
}

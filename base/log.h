// SPDX-License-Identifier: MIT
#pragma once

// Messages, one line each whatever they quote (base/escape.h). Where standard error is the journal
// they are entries with fields (base/log-journal.h), else lines on standard error
// (base/log-sink.h). Lines go to the journal too while it takes no entries, each with its level the
// way sd-daemon(3) describes.

#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

#define LOG_EVENT_FIELDS_MAX 8u

struct log_field;

// Says who speaks ("mpyd", "mpyd: spawner") in front of every line; NAME must outlive its use.
void log_set_name(const char *name);

// Drops messages above LEVEL (LOG_ERR to LOG_DEBUG of syslog.h). The default is LOG_INFO.
void log_set_level(int level);

// What every entry says from now on: the fields APP and IMAGE (what is known of its number), and
// CALL, the call of the app that is being served. NULL: nothing. All must outlive their use.
void log_set_app(const char *app, const char *image);
void log_set_call(const char *call);

void log_message(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

// As log_message(), in the name of somebody else: "NAME: " in front of the line, "NAME> " in the
// journal, where messages of ours begin with a name and a colon.
void log_message_as(const char *name, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// As log_message(), an event that administrators may look for: ID is its row of
// base/message-ids.h. The N_FIELDS further FIELDS are of the entry alone, no line shows them.
void log_event(const char *id, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void log_event_with(const char *id, const struct log_field *fields, size_t n_fields, int level,
                    const char *format, ...) __attribute__((format(printf, 5, 6)));

// Logs the message, ": " and the text of ERROR (-errno or errno), at LOG_ERR. Returns -|ERROR|, so
// that a failure is logged once, where it is decided, and passed up: return log_errno(r, "...").
int log_errno(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

// From now on no message waits for whoever takes them. FUNCTION(CONTEXT) is called when some had to
// be kept: have log_flush() called once log_waiting_fd() is writable. FUNCTION NULL: the last
// messages, which may wait for half a second together.
void log_hurry(void (*function)(void *context), void *context);
int log_waiting_fd(void);

// Writes what was kept. Returns whether that is all.
bool log_flush(void);

#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

// SPDX-License-Identifier: MIT
#pragma once

// Messages of the daemon itself, one line each whatever they quote (base/escape.h), to standard
// error (base/log-sink.h). Where that is
// the journal, each line carries its level the way sd-daemon(3) describes, so nothing is lost
// there.

#include <stdbool.h>
#include <syslog.h>

// Says who speaks ("mpyd", "mpyd: spawner") in front of every line; NAME must outlive its use.
void log_set_name(const char *name);

// Drops messages above LEVEL (LOG_ERR to LOG_DEBUG of syslog.h). The default is LOG_INFO.
void log_set_level(int level);

void log_message(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

// As log_message(), in the name of somebody else, who is named in the journal too.
void log_message_as(const char *name, int level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Logs the message, ": " and the text of ERROR (-errno or errno), at LOG_ERR. Returns -|ERROR|, so
// that a failure is logged once, where it is decided, and passed up: return log_errno(r, "...").
int log_errno(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

// From now on no message waits for whoever reads standard error. FUNCTION(CONTEXT) is called when
// lines had to be kept: have log_flush() called once log_sink_fd() is writable. FUNCTION NULL: the
// last messages, which may wait for half a second together.
void log_hurry(void (*function)(void *context), void *context);

// Writes what was kept. Returns whether that is all.
bool log_flush(void);

#define log_error(...) log_message(LOG_ERR, __VA_ARGS__)
#define log_warning(...) log_message(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_message(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_message(LOG_DEBUG, __VA_ARGS__)

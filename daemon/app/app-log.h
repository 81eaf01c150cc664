// SPDX-License-Identifier: MIT
#pragma once

// The app's own messages on their way to the log: escaped, line by line, within a quota. What is
// dropped is counted, and the count is logged.

#include <stdint.h>

#include "daemon/loop/loop.h"
#include "daemon/loop/quota.h"

// Room for the escaped form of a line that is not longer than log.write takes; a longer one ends in
// "...".
#define APP_LOG_LINE_SIZE 8000

struct app_log {
    const char *name; /* of the app; in front of every line */
    struct timer *timer;
    struct quota quota;  /* of what the app says ... */
    struct quota errors; /* ... and, apart from that, of its errors: a chatty app's last words */
    uint64_t n_dropped;  /* not yet reported */
    uint64_t n_dropped_ever;
};

// NAME must outlive the log. Returns 0 or -errno; app_log_done() undoes it and takes a zeroed log.
int app_log_init(struct app_log *log, struct loop *loop, const char *name);
void app_log_done(struct app_log *log);

// Lets LINES_A_SECOND through, and as many errors (LOG_ERR and worse) besides, a traceback's worth
// at the least.
void app_log_set_rate(struct app_log *log, uint32_t lines_a_second);

// Writes TEXT at LEVEL (LOG_EMERG to LOG_DEBUG of syslog.h).
void app_log_write(struct app_log *log, int level, const char *text);

// Reports what was dropped and not yet reported: the worker is gone.
void app_log_report(struct app_log *log);

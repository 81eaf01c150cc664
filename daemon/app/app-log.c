// SPDX-License-Identifier: MIT
#include "daemon/app/app-log.h"

#include <inttypes.h>
#include <stdbool.h>

#include "base/escape.h"
#include "base/log.h"
#include "base/message-ids.h"

#define REPORT_USEC 1000000u
#define ERRORS_MIN 64u /* lines of a deep traceback */

void app_log_report(struct app_log *log) {
    if (log->n_dropped > 0) {
        log_event(MESSAGE_ID_DROPPED, LOG_WARNING,
                  "%s: %" PRIu64 " log messages dropped, limit is %" PRIu32 " a second", log->name,
                  log->n_dropped, log->quota.rate);
        log->n_dropped = 0;
    }
    timer_clear(log->timer);
}

static int on_timer(void *context) {
    app_log_report(context);
    return 0;
}

int app_log_init(struct app_log *log, struct loop *loop, const char *name) {
    *log = (struct app_log){.name = name};
    return timer_new(loop, on_timer, log, &log->timer);
}

void app_log_done(struct app_log *log) {
    if (log->timer) {
        app_log_report(log);
        log->timer = timer_free(log->timer);
    }
}

void app_log_set_rate(struct app_log *log, uint32_t lines_a_second) {
    uint32_t errors = lines_a_second < ERRORS_MIN ? ERRORS_MIN : lines_a_second;

    quota_init(&log->quota, lines_a_second, loop_now_usec());
    quota_init(&log->errors, errors, loop_now_usec());
}

// Every line is charged: a text of many lines is a flood like many texts.
static void write_line(struct app_log *log, int level, const char *line) {
    struct quota *quota = level <= LOG_ERR ? &log->errors : &log->quota;

    if (quota_take(quota, loop_now_usec())) {
        log_message_as(log->name, level, "%s", line);
        return;
    }
    log->n_dropped_ever++;
    if (log->n_dropped++ == 0) {
        timer_set(log->timer, REPORT_USEC);
    }
}

void app_log_write(struct app_log *log, int level, const char *text) {
    char line[APP_LOG_LINE_SIZE];

    while (text) {
        text = escape_line(text, line, sizeof(line));
        write_line(log, level, line);
    }
}

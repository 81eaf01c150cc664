// SPDX-License-Identifier: MIT
#include "daemon/record/record.h"

#include <string.h>
#include <time.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/app/app.h"
#include "daemon/dispatch/call.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/record/probe.h"

#define TIMED_EVERY 32u /* calls, on average: a power of two */

static uint64_t read_clock(clockid_t clock) {
    struct timespec now;

    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t now_nsec(void) {
    return read_clock(CLOCK_MONOTONIC);
}

// As late as the last tick, and a quarter as dear.
static uint64_t tick_nsec(void) {
    return read_clock(CLOCK_MONOTONIC_COARSE);
}

void record_watch(struct app *app, record_function watcher, void *context) {
    record_settle(app);
    app->records.watcher = watcher;
    app->records.context = context;
}

// From 1 to twice TIMED_EVERY, by the generator of Numerical Recipes; nothing depends on its
// quality.
static uint32_t next_gap(struct records *records) {
    records->random = records->random * 1664525u + 1013904223u;
    return 1 + (records->random >> 16) % (2 * TIMED_EVERY);
}

void record_turn(struct app *app) {
    app->records.turn_nsec = tick_nsec();
}

uint64_t record_begin(struct app *app) {
    struct records *records = &app->records;

    if (records->watcher) {
        return now_nsec();
    }
    if (records->until_timed > 0) {
        records->until_timed--;
        return 0;
    }
    records->until_timed = next_gap(records);
    return now_nsec();
}

// How long a call waited for something to happen says nothing of how fast it was served.
static void measure(struct records *records, const struct record *record) {
    if (!record->later) {
        metrics_time(&records->metrics, record->submission->call,
                     record->ended_nsec - record->started_nsec);
    }
}

// One that ended later did so after the loop turned.
static uint64_t ended_nsec(const struct records *records, const struct record *record) {
    if (record->started_nsec > 0) {
        return record->ended_nsec;
    }
    return record->later ? tick_nsec() : records->turn_nsec;
}

static int64_t recorded_result(const struct record *record) {
    if (record->error == APP_BROKEN) {
        return RECORDER_OPEN;
    }
    return record->error ? -record->error : record->result;
}

// Whether what its stub took begins with names or an address, which are no payload.
static bool has_names(uint32_t number) {
    const struct trace_row *row = NULL;

    if (number >= CALLS_END || call_rows[number].flags & ROW_NAMES) {
        return number < CALLS_END;
    }
    row = &trace_rows[number];
    for (size_t i = 0; i < row->n_arguments; i++) {
        enum trace_type type = row->arguments[i].type;

        if (type == TRACE_ADDRESS || type == TRACE_STR || type == TRACE_BYTES) {
            return type == TRACE_ADDRESS;
        }
    }
    return false;
}

// The lines of a traceback are in the report, and would push out what came before it.
static bool is_traceback(const struct app *app, const struct record *record) {
    return app->worker.phase == APP_ENTER_PHASE_FAILED &&
           record->submission->call == CALL_LOG_WRITE;
}

// Whether what the app transfers may be in crash reports.
static bool has_payloads(const struct app *app) {
    const uint64_t *payloads = app->crashes.origin.payloads;

    return payloads && *payloads;
}

static void keep_payload(struct app *app, const struct wire_submission *submission,
                         const uint8_t *taken, size_t taken_size) {
    char text[RECORDER_TEXT_SIZE];

    if (has_payloads(app)) {
        (void)trace_format(text, sizeof(text), submission, taken, taken_size, TRACE_PAYLOADS);
        recorder_add_text(&app->recorder, text);
    }
}

static void keep(struct app *app, const struct record *record, uint64_t at_nsec) {
    struct recorder *recorder = &app->recorder;
    uint64_t started_nsec = record->started_nsec > 0 ? record->started_nsec : at_nsec;

    if (record->later) {
        recorder_end(recorder, record->submission->tag, recorded_result(record), at_nsec);
    } else if (!is_traceback(app, record)) {
        recorder_add(recorder, record->submission, record->taken,
                     has_names(record->submission->call) ? record->taken_size : 0,
                     recorded_result(record), started_nsec, at_nsec);
        keep_payload(app, record->submission, record->taken, record->taken_size);
    }
}

// The one place where a call's end is known to all who want to know.
static void record_call(struct app *app, const struct record *record) {
    struct records *records = &app->records;

    PROBE_CALL_END(record->submission->call, record->submission->tag, record->error,
                   record->result);
    metrics_count(&records->metrics, record->submission->call, record->error);
    if (record->started_nsec > 0) {
        measure(records, record);
    }
    keep(app, record, ended_nsec(records, record));
    if (records->watcher) {
        records->watcher(records->context, record);
    }
}

bool record_shows(const struct app *app, const struct call *call) {
    return app->records.watcher || has_payloads(app) || (call->row && call->row->flags & ROW_NAMES);
}

void record_now(const struct call *call, int64_t result, int error) {
    struct records *records = &call->app->records;

    record_settle(call->app);
    records->held_submission = *call->submission;
    records->held = (struct record){
        .submission = &records->held_submission,
        .taken = call->scratch,
        .taken_size = call->scratch_used,
        .result = result,
        .error = error,
        .started_nsec = call->started_nsec,
        .ended_nsec = call->started_nsec > 0 ? now_nsec() : 0,
    };
    records->is_held = true;
}

void record_settle(struct app *app) {
    struct records *records = &app->records;

    if (records->is_held) {
        records->is_held = false;
        record_call(app, &records->held);
    }
}

// What CALL sends without the secrets in it, before it is cut anywhere and written in another way.
// In a copy: its handler goes on with the bytes.
static const uint8_t *without_secrets(const struct app *app, const struct call *call) {
    static uint8_t copy[STUBS_SCRATCH_SIZE];

    if (app->secrets.n_items == 0 || !record_shows(app, call)) {
        return call->scratch;
    }
    memcpy(copy, call->scratch, call->scratch_used);
    (void)secrets_redact_bytes(&app->secrets, copy, call->scratch_used);
    return copy;
}

char *record_open(struct app *app, const struct call *call) {
    uint64_t started_nsec = call->started_nsec > 0 ? call->started_nsec : app->records.turn_nsec;
    const uint8_t *taken = without_secrets(app, call);
    char text[RECORD_TEXT_SIZE];

    record_settle(app);
    recorder_add(&app->recorder, call->submission, taken,
                 has_names(call->submission->call) ? call->scratch_used : 0, RECORDER_OPEN,
                 started_nsec, started_nsec);
    keep_payload(app, call->submission, taken, call->scratch_used);
    if (!app->records.watcher) {
        return NULL;
    }
    (void)trace_format(text, sizeof(text), call->submission, taken, call->scratch_used,
                       app->records.detail);
    return strdup(text);
}

void record_later(struct app *app, const struct flight_note *note, int64_t result, int error) {
    struct record record = {
        .submission = &note->submission,
        .text = note->text,
        .result = result,
        .error = error,
        .later = true,
        .started_nsec = note->started_nsec,
        .ended_nsec = note->started_nsec > 0 ? now_nsec() : 0,
    };

    record_settle(app);
    record_call(app, &record);
}

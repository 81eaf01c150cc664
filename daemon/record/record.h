// SPDX-License-Identifier: MIT
#pragma once

// Every call passes here once, when it has ended: it is counted, and whoever watches is told.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"
#include "daemon/record/metrics.h"
#include "daemon/record/trace.h"

struct app;
struct call;
struct flight_note;

// A call that has ended.
struct record {
    const struct wire_submission *submission; /* private memory; not its arguments' bytes */
    const uint8_t *taken;                     /* what its stub took of these, as trace_format() */
    size_t taken_size;                        /*     has it; gone for one that ended later */
    const char *text;      /* of one that ended later: the call as text, if somebody watched */
    int64_t result;        /* >= 0; of no meaning with an error */
    int error;             /* errno; 0: none; APP_BROKEN: its worker broke the protocol */
    bool later;            /* its handler had returned before */
    uint64_t started_nsec; /* CLOCK_MONOTONIC; 0: this one is not timed */
    uint64_t ended_nsec;   /* likewise */
};

#define RECORD_TEXT_SIZE 512

// Called with every call once it has ended; RECORD is valid until it returns.
typedef void (*record_function)(void *context, const struct record *record);

struct records {
    struct metrics metrics;
    record_function watcher; /* NULL: nobody watches */
    void *context;
    enum trace_detail detail; /* of texts */
    uint64_t turn_nsec;       /* of the clock of ticks, when the loop last turned */
    uint32_t until_timed;     /* calls before one is timed */
    uint32_t random;          /* so that calls in a rhythm of their own are timed like others */
    bool is_held;             /* a call that has ended is yet to be recorded: record_settle() */
    struct record held;
    struct wire_submission held_submission;
};

// Has WATCHER(CONTEXT, ...) called from the next call on; NULL: nobody. While somebody watches
// every call is timed.
void record_watch(struct app *app, record_function watcher, void *context);

// The loop turns: what is served next, and is not timed, happens about now.
void record_turn(struct app *app);

// A call is about to be served. Returns its started_nsec.
uint64_t record_begin(struct app *app);

// CALL was served with RESULT and ERROR, 0 or positive, and does not end later. It is recorded by
// record_settle() or with whatever is recorded next, so that its worker need not wait for that;
// until then its scratch stays as it is.
void record_now(const struct call *call, int64_t result, int error);

// What has ended is recorded: before the scratch of a call is used again, and before the loop turns
// to others.
void record_settle(struct app *app);

// Whether something of what CALL sends is kept or told, be it only in a crash report.
bool record_shows(const struct app *app, const struct call *call);

// CALL will end later. If somebody watches, returns it as text, the caller's, before what it sends
// is gone; NULL if nobody does, or for want of memory.
char *record_open(struct app *app, const struct call *call);

// The call that NOTE is of has ended, after its handler had returned.
void record_later(struct app *app, const struct flight_note *note, int64_t result, int error);

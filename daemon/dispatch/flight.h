// SPDX-License-Identifier: MIT
#pragma once

// The calls of a worker that complete later. Only what stands here can be completed, and only once:
// a tag alone, which the worker chose and may choose again, completes nothing.

#include <stdbool.h>
#include <stdint.h>

#include "call/wire.h"
#include "daemon/handler.h"

// What is told of a call once it has ended (record.h).
struct flight_note {
    struct wire_submission submission;
    uint64_t started_nsec;
    char *text; /* owned; NULL: nobody watched when it began */
};

struct flights {
    struct call_reference calls[WIRE_SUBMISSIONS]; /* the first n_calls */
    struct flight_note notes[WIRE_SUBMISSIONS];    /* of each */
    uint32_t n_calls;
    uint64_t last_serial;
};

// Enters a call of ROW. Returns its reference, or one of serial 0 if the table is full, which the
// channel's own count of calls in flight excludes.
struct call_reference flight_add(struct flights *flights, const struct call_row *row,
                                 uint32_t generation, uint32_t tag);

// Notes what is to be told of a call. TEXT is the table's from now on. A call that is not in the
// table leaves nothing behind.
void flight_annotate(struct flights *flights, struct call_reference reference,
                     const struct wire_submission *submission, uint64_t started_nsec, char *text);

// What was noted of a call, until it is taken out; NULL: it is not in the table.
const struct flight_note *flight_note(const struct flights *flights,
                                      struct call_reference reference);

// Takes a call out to complete it. False: it was completed, cancelled, or its worker died.
bool flight_take(struct flights *flights, struct call_reference reference);

bool flight_has(const struct flights *flights, struct call_reference reference);

// Finds a call by the worker's name for it. False: none of that name is in flight.
bool flight_find(const struct flights *flights, uint32_t tag, struct call_reference *ret_reference);

// Forgets every call: the worker is dead. Serials go on, so that no reference to one is ever valid.
void flights_clear(struct flights *flights);

// SPDX-License-Identifier: MIT
#pragma once

// The flight recorder: the last calls of a worker, for the report should it crash. It always runs,
// so what is kept of a call is a copy of its entry, which is text only once somebody asks. Of what
// a call sends, short names and addresses are kept; of all else only the size, unless a text with
// more of it was granted.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

#define RECORDER_CALLS 64u /* a power of two */

#define RECORDER_NAMES_SIZE 64u /* a multiple of 8 */

#define RECORDER_TEXT_SIZE 256u /* bytes of a call as text, NUL included */

// In place of a result: the call was not over.
#define RECORDER_OPEN INT64_MIN

struct recorded_call {
    struct wire_submission submission;
    uint8_t names[RECORDER_NAMES_SIZE]; /* what its stub took, as trace_format() has it, */
    size_t names_size;                  /*     or nothing */
    int64_t result;                     /* >= 0, -errno, or RECORDER_OPEN */
    uint64_t started_nsec;              /* CLOCK_MONOTONIC */
    uint64_t duration_nsec;
    bool has_text; /* recorder_add_text() */
};

// Begin with zeroes.
struct recorder {
    struct recorded_call calls[RECORDER_CALLS]; /* number N at N % RECORDER_CALLS */
    uint64_t n_calls;                           /* of this worker, up to now */
    char (*texts)[RECORDER_TEXT_SIZE];          /* as many as calls, owned; NULL: none was kept */
};

// Keeps a call that was taken at STARTED_NSEC and came back from its handler at NOW_NSEC, with
// RESULT, or RECORDER_OPEN if it completes later. Its stub took the NAMES_SIZE bytes at NAMES; give
// those of names and addresses alone.
void recorder_add(struct recorder *recorder, const struct wire_submission *submission,
                  const uint8_t *names, size_t names_size, int64_t result, uint64_t started_nsec,
                  uint64_t now_nsec);

// Keeps TEXT, what the call that was added last is shown as. Without memory for it there is none.
void recorder_add_text(struct recorder *recorder, const char *text);

// The open call that the worker names TAG came to its end. One that is no longer kept is passed
// over.
void recorder_end(struct recorder *recorder, uint32_t tag, int64_t result, uint64_t now_nsec);

// Forgets all: the calls of the next worker are its own.
void recorder_clear(struct recorder *recorder);

void recorder_done(struct recorder *recorder);

// The number of calls that are kept, and each of them, the oldest first.
size_t recorder_count(const struct recorder *recorder);
const struct recorded_call *recorder_at(const struct recorder *recorder, size_t i);

// The text of call I as recorder_at() counts; NULL: it has none.
const char *recorder_text_at(const struct recorder *recorder, size_t i);

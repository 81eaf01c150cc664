// SPDX-License-Identifier: MIT
#include "daemon/record/recorder.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((RECORDER_CALLS & (RECORDER_CALLS - 1)) == 0, "numbers wrap with their place");

static uint64_t first_kept(const struct recorder *recorder) {
    return recorder->n_calls > RECORDER_CALLS ? recorder->n_calls - RECORDER_CALLS : 0;
}

void recorder_add(struct recorder *recorder, const struct wire_submission *submission,
                  const uint8_t *names, size_t names_size, int64_t result, uint64_t started_nsec,
                  uint64_t now_nsec) {
    const struct recorded_call *last = &recorder->calls[(recorder->n_calls - 1) % RECORDER_CALLS];
    struct recorded_call *call = &recorder->calls[recorder->n_calls % RECORDER_CALLS];

    // Some are timed by a coarse clock, which lags behind the other.
    if (recorder->n_calls++ > 0 && started_nsec < last->started_nsec) {
        started_nsec = last->started_nsec;
    }
    now_nsec = now_nsec < started_nsec ? started_nsec : now_nsec;
    call->submission = *submission;
    call->names_size = names_size < sizeof(call->names) ? names_size : sizeof(call->names);
    if (call->names_size > 0) {
        memcpy(call->names, names, call->names_size);
    }
    call->result = result;
    call->started_nsec = started_nsec;
    call->duration_nsec = now_nsec - started_nsec;
    call->has_text = false;
}

void recorder_add_text(struct recorder *recorder, const char *text) {
    size_t place = (recorder->n_calls - 1) % RECORDER_CALLS;

    if (!recorder->texts) {
        recorder->texts = calloc(RECORDER_CALLS, sizeof(*recorder->texts));
    }
    if (recorder->texts) {
        (void)snprintf(recorder->texts[place], sizeof(recorder->texts[place]), "%s", text);
        recorder->calls[place].has_text = true;
    }
}

// From the newest on: the call that a worker waits for is among its last.
void recorder_end(struct recorder *recorder, uint32_t tag, int64_t result, uint64_t now_nsec) {
    for (uint64_t i = recorder->n_calls; i > first_kept(recorder); i--) {
        struct recorded_call *call = &recorder->calls[(i - 1) % RECORDER_CALLS];

        if (call->submission.tag == tag && call->result == RECORDER_OPEN) {
            call->result = result;
            call->duration_nsec = now_nsec > call->started_nsec ? now_nsec - call->started_nsec : 0;
            return;
        }
    }
}

// What the places hold is not looked at any more.
void recorder_clear(struct recorder *recorder) {
    recorder->n_calls = 0;
}

void recorder_done(struct recorder *recorder) {
    free(recorder->texts);
    recorder->texts = NULL;
}

size_t recorder_count(const struct recorder *recorder) {
    return (size_t)(recorder->n_calls - first_kept(recorder));
}

const struct recorded_call *recorder_at(const struct recorder *recorder, size_t i) {
    assert(i < recorder_count(recorder));
    return &recorder->calls[(first_kept(recorder) + i) % RECORDER_CALLS];
}

const char *recorder_text_at(const struct recorder *recorder, size_t i) {
    size_t place = (first_kept(recorder) + i) % RECORDER_CALLS;

    return recorder_at(recorder, i)->has_text ? recorder->texts[place] : NULL;
}

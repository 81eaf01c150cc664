// SPDX-License-Identifier: MIT
#include "daemon/dispatch/flight.h"

#include <stdlib.h>

struct call_reference flight_add(struct flights *flights, const struct call_row *row,
                                 uint32_t generation, uint32_t tag) {
    struct call_reference reference = {.generation = generation, .tag = tag, .row = row};

    if (flights->n_calls < WIRE_SUBMISSIONS) {
        reference.serial = ++flights->last_serial;
        flights->notes[flights->n_calls] = (struct flight_note){0};
        flights->calls[flights->n_calls++] = reference;
    }
    return reference;
}

static uint32_t flight_index(const struct flights *flights, struct call_reference reference) {
    uint32_t i = 0;

    while (i < flights->n_calls && (flights->calls[i].serial != reference.serial ||
                                    flights->calls[i].generation != reference.generation ||
                                    flights->calls[i].tag != reference.tag)) {
        i++;
    }
    return i;
}

bool flight_has(const struct flights *flights, struct call_reference reference) {
    return flight_index(flights, reference) < flights->n_calls;
}

void flight_annotate(struct flights *flights, struct call_reference reference,
                     const struct wire_submission *submission, uint64_t started_nsec, char *text) {
    uint32_t i = flight_index(flights, reference);

    if (i == flights->n_calls) {
        free(text);
        return;
    }
    flights->notes[i] = (struct flight_note){*submission, started_nsec, text};
}

const struct flight_note *flight_note(const struct flights *flights,
                                      struct call_reference reference) {
    uint32_t i = flight_index(flights, reference);

    return i < flights->n_calls ? &flights->notes[i] : NULL;
}

bool flight_take(struct flights *flights, struct call_reference reference) {
    uint32_t i = flight_index(flights, reference);

    if (i == flights->n_calls) {
        return false;
    }
    free(flights->notes[i].text);
    flights->calls[i] = flights->calls[--flights->n_calls];
    flights->notes[i] = flights->notes[flights->n_calls];
    return true;
}

bool flight_find(const struct flights *flights, uint32_t tag,
                 struct call_reference *ret_reference) {
    for (uint32_t i = 0; i < flights->n_calls; i++) {
        if (flights->calls[i].tag == tag) {
            *ret_reference = flights->calls[i];
            return true;
        }
    }
    return false;
}

void flights_clear(struct flights *flights) {
    while (flights->n_calls > 0) {
        free(flights->notes[--flights->n_calls].text);
    }
}

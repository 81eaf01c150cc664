// SPDX-License-Identifier: MIT
#include "image/slots.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const names[SLOTS_N] = {
    [SLOTS_A] = "a", [SLOTS_B] = "b", [SLOTS_VENDOR] = "vendor"};

const char *slots_name(enum slots_place place) {
    return place == SLOTS_NONE ? "none" : names[place];
}

enum slots_place slots_find(const char *name) {
    for (enum slots_place place = SLOTS_NONE; place < SLOTS_N; place++) {
        if (strcmp(slots_name(place), name) == 0) {
            return place;
        }
    }
    return SLOTS_N;
}

const char *slots_verdict_name(enum slots_verdict verdict) {
    static const char *const words[] = {
        [SLOTS_EMPTY] = "empty", [SLOTS_NEW] = "new", [SLOTS_GOOD] = "good", [SLOTS_BAD] = "bad"};

    return words[verdict];
}

// How much would be lost with what is in PLACE.
static int worth(const struct slots *slots, enum slots_place place) {
    enum slots_verdict verdict = slots->slot[place].verdict;

    return verdict == SLOTS_EMPTY ? 0 : verdict == SLOTS_BAD ? 1 : place != slots->trial ? 2 : 3;
}

enum slots_place slots_spare(const struct slots *slots, enum slots_place in_use) {
    enum slots_place spare = SLOTS_NONE;

    for (enum slots_place place = SLOTS_A; place <= SLOTS_B; place++) {
        if (place != in_use && place != slots->good &&
            (spare == SLOTS_NONE || worth(slots, place) < worth(slots, spare))) {
            spare = place;
        }
    }
    return spare;
}

void slots_empty(struct slots *slots, enum slots_place place) {
    slots->slot[place] = (struct slot){0};
    slots->good = slots->good == place ? SLOTS_NONE : slots->good;
    slots->trial = slots->trial == place ? SLOTS_NONE : slots->trial;
}

void slots_try(struct slots *slots, enum slots_place place, const struct slot *image) {
    slots->slot[place] = *image;
    slots->slot[place].verdict = SLOTS_NEW;
    slots->trial = place;
    slots->boots = 0;
}

bool slots_is_over(const struct slots *slots) {
    return slots->trial != SLOTS_NONE && slots->boots > 0 && slots->good != SLOTS_NONE;
}

static size_t append(enum slots_place *places, size_t n, enum slots_place place) {
    for (size_t i = 0; i < n; i++) {
        if (places[i] == place) {
            return n;
        }
    }
    places[n] = place;
    return n + 1;
}

size_t slots_order(const struct slots *slots, enum slots_place ret_places[SLOTS_N]) {
    static const enum slots_verdict falling[] = {SLOTS_GOOD, SLOTS_NEW, SLOTS_BAD};
    size_t n = 0;

    if (slots->trial != SLOTS_NONE && !slots_is_over(slots)) {
        n = append(ret_places, n, slots->trial);
    }
    if (slots->good != SLOTS_NONE) {
        n = append(ret_places, n, slots->good);
    }
    for (size_t i = 0; i < sizeof(falling) / sizeof(falling[0]); i++) {
        for (enum slots_place place = SLOTS_A; place <= SLOTS_B; place++) {
            if (slots->slot[place].verdict == falling[i]) {
                n = append(ret_places, n, place);
            }
        }
        if (falling[i] == SLOTS_GOOD) {
            n = append(ret_places, n, SLOTS_VENDOR);
        }
    }
    return n;
}

void slots_confirm(struct slots *slots) {
    slots->slot[slots->trial].verdict = SLOTS_GOOD;
    slots->good = slots->trial;
    slots->trial = SLOTS_NONE;
    slots->boots = 0;
}

bool slots_fail(struct slots *slots, const char *why) {
    const char *version = slots->slot[slots->trial].version;

    if (slots->good == SLOTS_NONE) {
        slots_tell(slots, "version %s has not done well, and there is no other: %s", version, why);
        return false;
    }
    slots_tell(slots, "rolled back from version %s to %s: %s", version,
               slots->slot[slots->good].version, why);
    slots->slot[slots->trial].verdict = SLOTS_BAD;
    slots->trial = SLOTS_NONE;
    slots->boots = 0;
    return true;
}

bool slots_put_off(struct slots *slots) {
    if (slots->trial == SLOTS_NONE || slots->boots == 0) {
        return false;
    }
    slots->boots = 0;
    slots_tell(slots, "version %s was stopped or ended on trial, to be tried with the next start",
               slots->slot[slots->trial].version);
    return true;
}

enum slots_place slots_roll_back(struct slots *slots) {
    enum slots_place other = slots->good == SLOTS_A   ? SLOTS_B
                             : slots->good == SLOTS_B ? SLOTS_A
                                                      : SLOTS_NONE;

    if (slots->trial != SLOTS_NONE) {
        return slots_fail(slots, "as asked for") ? slots->good : SLOTS_NONE;
    }
    if (other == SLOTS_NONE || slots->slot[other].verdict != SLOTS_GOOD) {
        return SLOTS_NONE;
    }
    slots_tell(slots, "rolled back from version %s to %s: as asked for",
               slots->slot[slots->good].version, slots->slot[other].version);
    slots->good = other;
    return other;
}

void slots_tell(struct slots *slots, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(slots->event, sizeof(slots->event), format, arguments);
    va_end(arguments);
    for (char *p = slots->event; *p; p++) {
        if (*p < ' ' || *p > '~' || *p == ';') {
            *p = *p == ';' ? ',' : '?';
        }
    }
}

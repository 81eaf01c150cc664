// SPDX-License-Identifier: MIT
#pragma once

// Where the images of an app are, and which of them is to run. An update goes into the slot that is
// not in use and runs there on trial: one start, under watch. If it is confirmed it is the good one
// from then on; whatever else happens, a crash, a missed heartbeat, power that fails, the good one
// runs again. Nothing here touches a file.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/image.h"

#define SLOTS_VERSION_SIZE 33 /* of an app's version, NUL included */
#define SLOTS_TEXT_SIZE 144   /* of a line for people, NUL included: fits in a line of a file */

enum slots_place {
    SLOTS_NONE = -1,
    SLOTS_A,
    SLOTS_B,
    SLOTS_VENDOR, /* what came with a package; never written to */
    SLOTS_N,
};

enum slots_verdict {
    SLOTS_EMPTY,
    SLOTS_NEW,  /* nobody knows yet */
    SLOTS_GOOD, /* it was confirmed */
    SLOTS_BAD,  /* it was tried and did not do */
};

struct slot {
    enum slots_verdict verdict;
    char image[IMAGE_ID_SIZE]; /* as of struct image */
    char version[SLOTS_VERSION_SIZE];
    uint64_t counter;
};

struct slots {
    struct slot slot[SLOTS_N];
    enum slots_place good;       /* the one to go back to */
    enum slots_place trial;      /* the one that is to be confirmed */
    uint64_t boots;              /* how often the trial was started */
    char event[SLOTS_TEXT_SIZE]; /* what happened last, for people; "": nothing */
};

#define SLOTS_INIT                                                                                 \
    { .good = SLOTS_NONE, .trial = SLOTS_NONE }

// "a", "b", "vendor", or "none". slots_find() is the way back; SLOTS_N: no such word.
const char *slots_name(enum slots_place place);
enum slots_place slots_find(const char *name);

// "empty", "new", "good", "bad".
const char *slots_verdict_name(enum slots_verdict verdict);

// Which slot an update may be written to while the place IN_USE runs, the one that is worth least:
// SLOTS_A or SLOTS_B, or SLOTS_NONE if neither can be spared, because a trial runs and the other is
// what to go back to.
enum slots_place slots_spare(const struct slots *slots, enum slots_place in_use);

// Nothing is in PLACE any more.
void slots_empty(struct slots *slots, enum slots_place place);

// IMAGE is in PLACE, which was empty, and is to be tried.
void slots_try(struct slots *slots, enum slots_place place, const struct slot *image);

// Whether the trial has had its start and was not confirmed, and there is another to go back to.
bool slots_is_over(const struct slots *slots);

// The places to take an image from, the best first: of these the first that is sound is started.
// Returns how many; each is in RET_PLACES once, the vendor's too.
size_t slots_order(const struct slots *slots, enum slots_place ret_places[SLOTS_N]);

// The trial did well.
void slots_confirm(struct slots *slots);

// The trial did not, WHY says it in a few words. Where there is nothing to go back to it stays, and
// is tried again. Returns whether it is over.
bool slots_fail(struct slots *slots, const char *why);

// The trial was stopped in order, or ended so, which says nothing about it: its next start is a
// trial like this one. Returns whether one had been started.
bool slots_put_off(struct slots *slots);

// An administrator wants what was before: gives up the trial, or makes the confirmed image of the
// other slot the good one. Returns the place that is good now, or SLOTS_NONE if there is nothing to
// go back to.
enum slots_place slots_roll_back(struct slots *slots);

// Says what happened, cut where it does not fit; what could not stand in a file of settings is
// replaced.
void slots_tell(struct slots *slots, const char *format, ...) __attribute__((format(printf, 2, 3)));

// SPDX-License-Identifier: MIT
#pragma once

// An app as an administrator sees it: what it says itself, or, where it does not answer, what
// systemd says of its unit.

#include <stdbool.h>
#include <stddef.h>

#include "ctl/place.h"
#include "ctl/unit.h"
#include "image/slots.h"

struct json_object;

struct view {
    struct place place;
    struct unit unit;
    struct slots slots;
    const char *slots_why;      /* what is wrong with what is known of the slots; NULL: nothing */
    struct json_object *status; /* the answer to Status(), owned; NULL: it does not answer */
    const char *state;          /* a word: one of org.mpyd.App's, or of view.c's own */
    const char *reason;         /* why it is in that state; NULL: none is known */
    const char *remedy;         /* what an administrator can do; NULL likewise */
    char remedy_text[256];
    char slots_text[320];
};

// Asks all of PLACES, which stays the caller's. Returns CTL_DONE and *ret_views, as many, freed by
// view_free(); or CTL_INTERNAL, having said why.
int view_read(const struct place *places, size_t n_places, struct view **ret_views);
void view_free(struct view *views, size_t n_views);

// "meterd", or the path that was named. Harmless on a terminal.
const char *view_name(const struct view *view);

// Whether the app was installed by mpyctl install, or came with a package that mpyd-update knows.
bool view_has_slots(const struct view *view);

// Whether it runs and is well, as far as it knows.
bool view_is_well(const struct view *view);

// What mpyctl ends with if only this app was asked about: CTL_DONE if it is well or on its way
// there, CTL_NOT_RUNNING, CTL_DENIED, or CTL_FAILED: somebody has to look at it.
int view_exit(const struct view *view);

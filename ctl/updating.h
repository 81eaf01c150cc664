// SPDX-License-Identifier: MIT
#pragma once

// What mpyctl install and rollback share: something is left for an app in its incoming directory,
// and mpyd-install@APP.service, which alone may do it, is started. Without systemd, where the image
// of a machine is made, root's mpyd-update does it at once.

#include <stdbool.h>

#include "image/slots.h"

struct updating {
    const char *app;
    const char *image;   /* the file that is to be installed; NULL: none is */
    int incoming;        /* the app's incoming directory, locked; -1: there is no systemd */
    struct slots before; /* as they were */
};

#define UPDATING_INIT                                                                              \
    { .incoming = -1, .before = SLOTS_INIT }

// Whether systemd is there to start units. Else become mpyd-update.
bool updating_has_systemd(void);

// Becomes mpyd-update with the words VERB, APP and IMAGE, which may be NULL. Returns only if that
// fails, an enum ctl_exit, having said why.
int updating_become(const char *verb, const char *app, const char *image);

// Opens and locks the incoming directory of APP. Returns CTL_DONE; CTL_DENIED, or CTL_FAILED if
// somebody else is about to change the same app, having said so.
int updating_open(const char *app, struct updating *updating);

// Starts the unit, and waits until it has done what is there. Returns CTL_DONE and *ret_slots as
// they are now; or what the unit ended with, an enum ctl_exit, having said what it said.
int updating_apply(const struct updating *updating, struct slots *ret_slots);

// Waits while PLACE is on trial in a unit that runs. Returns CTL_DONE if it is good then, or is yet
// to be tried; CTL_FAILED if it is not. Says which, and how to have it tried.
int updating_wait(const struct updating *updating, enum slots_place place);

// Leaves nothing in the incoming directory, nor the directory.
void updating_done(struct updating *updating);

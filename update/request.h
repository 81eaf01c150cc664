// SPDX-License-Identifier: MIT
#pragma once

// What mpyctl leaves for mpyd-install@APP.service: in the app's own directory below that of what
// comes in an image with its signature, or the wish to go back. Whoever may install can put
// anything there, a link too, so all is done in the directory itself, and no link is followed.

#include <stdbool.h>

struct places;

struct request {
    const char *app;
    int directory; /* -1: none */
    char *image;   /* the path of the image in it; NULL: the wish is to go back */
};

#define REQUEST_INIT                                                                               \
    { .directory = -1 }

// Looks what is wanted for APP. Returns 0, *ret_request ended by request_done(); or an enum
// update_exit, having logged that nothing is, or why.
int request_read(const struct places *places, const char *app, struct request *ret_request);

// Removes what was wanted; what cannot be removed is logged.
void request_remove(const struct request *request);

void request_done(struct request *request);

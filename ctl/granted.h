// SPDX-License-Identifier: MIT
#pragma once

// What the units of an app have to give it: text, made of its image and its configuration. mpyctl
// enable writes it; doctor and install compare it with what is there.

#include <stdbool.h>

#include "ctl/image-file.h"

#define GRANTED_UNITS "/etc/systemd/system"
#define GRANTED_DROP_IN "50-mpyd-grants.conf"
#define GRANTED_NO_NETWORK "10-no-network.conf"

struct granted {
    char *service;    /* GRANTED_DROP_IN of mpyd@APP.service */
    char *sockets;    /* mpyd-ports@APP.socket; NULL: no port that only root may open */
    bool has_network; /* else there is GRANTED_NO_NETWORK as well */
    char *files;      /* what became of those that it is to be given, lines for people */
    char *left_out;   /* a grant of ports that is no list of them; NULL: none */
};

#define GRANTED_INIT                                                                               \
    { 0 }

enum granted_state {
    GRANTED_NOWHERE, /* the app was not enabled */
    GRANTED_CURRENT,
    GRANTED_STALE, /* made of another image or configuration, or by another mpyctl */
};

// Reads the image of APP: NAMED or, if that is NULL, the one that its unit would start next.
// Returns as image_file_need(); CTL_FAILED, having said so, if there is none.
int granted_read_image(const char *app, const char *named, struct image_file *ret_image);

// Makes the text for the app of MANIFEST and its configuration. Returns CTL_DONE and *ret_granted,
// freed by granted_done(); or another enum ctl_exit, having said why.
int granted_make(const struct manifest *manifest, struct granted *ret_granted);

// What GRANTED_UNITS has for APP, compared with GRANTED.
enum granted_state granted_compare(const struct granted *granted, const char *app);

// Whether mpyctl enable has written something for APP.
bool granted_is_enabled(const char *app);

void granted_done(struct granted *granted);

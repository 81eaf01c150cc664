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
    bool is_guessed;  /* this user may not see how a credential is kept, taken to be a plain one */
};

#define GRANTED_INIT                                                                               \
    { 0 }

#define GRANTED_PATH_SIZE 128

struct granted_image {
    struct image_file file;
    const char *path;     /* the caller's, or it is below */
    const char *key_file; /* likewise; NULL: there is none */
    char found[GRANTED_PATH_SIZE], key[GRANTED_PATH_SIZE];
};

#define GRANTED_IMAGE_INIT                                                                         \
    { .file = IMAGE_FILE_INIT }

enum granted_state {
    GRANTED_NOWHERE, /* the app was not enabled */
    GRANTED_CURRENT,
    GRANTED_UNKNOWN, /* not for this user to tell */
    GRANTED_STALE,   /* made of another image or configuration, or by another mpyctl */
};

// Finds the image of APP that its unit would start next, and the key that units have for it.
// Returns CTL_DONE, *ret_image to be read yet; CTL_FAILED: none is installed; CTL_DENIED: only root
// may see. Says nothing.
int granted_find_image(const char *app, struct granted_image *ret_image);

// Reads the image of APP: NAMED or, if that is NULL, the one that granted_find_image() finds.
// Returns as image_file_need_native(); CTL_FAILED, having said so, if there is none. *ret_image is
// freed by granted_image_done().
int granted_read_image(const char *app, const char *named, struct granted_image *ret_image);
void granted_image_done(struct granted_image *image);

// Makes the text for the app of IMAGE and its configuration. Returns CTL_DONE and *ret_granted,
// freed by granted_done(); CTL_CONFIG if the image would not be started with that; or another enum
// ctl_exit; having said why.
int granted_make(const struct granted_image *image, struct granted *ret_granted);

// What GRANTED_UNITS has for APP, compared with GRANTED.
enum granted_state granted_compare(const struct granted *granted, const char *app);

// Whether mpyctl enable has written something for APP.
bool granted_is_enabled(const char *app);

void granted_done(struct granted *granted);

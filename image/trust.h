// SPDX-License-Identifier: MIT
#pragma once

// Whether an image may run at all: who signed it, whether that key is good for the app, whether it
// is older than allowed, whether it can be decrypted. For the supervisor and for mpyctl verify:
// both say the same. Every step returns an enum trust_result, having logged what is wrong.

#include <stdbool.h>
#include <stdint.h>

#include "image/envelope.h"
#include "image/guarded.h"
#include "image/key.h"

struct image;

// Exit statuses of mpyd and mpyctl.
enum trust_result {
    TRUST_GIVEN = 0,
    TRUST_IMAGE = 3,    /* the image is refused, whoever made it */
    TRUST_INTERNAL = 6, /* nothing is known against the image */
    TRUST_DENIED = 7,
    TRUST_LOCKED = 8, /* it is encrypted, and its key is not there */
};

struct trust_options {
    const char *image; /* path */
    bool is_unsigned;  /* run it whoever made it: only decryption is left of all that follows */

    /* NULL: where they usually are */
    const char *keys;     /* directory of the keys that are trusted */
    const char *floors;   /* directory of the least counters */
    const char *key_file; /* the key for what is encrypted */
};

struct trust {
    const struct trust_options *options; /* the caller's */
    int signature_fd;
    struct keys keys;
    const struct key *signer;         /* one of the keys; NULL: not known yet, or not asked for */
    char comment[SIGNATURE_WHY_SIZE]; /* the trusted one, its beginning */
    uint64_t floor;
    bool has_key;
    bool was_encrypted;
    struct envelope_key key;
    char no_key[GUARDED_WHY_SIZE]; /* why there is none; only then */
};

#define TRUST_INIT                                                                                 \
    { .signature_fd = -1 }

// Opens what lies beside the image that OPTIONS name. TRUST is freed by trust_done() in any case.
int trust_open(const struct trust_options *options, struct trust *trust);

// Reads the trusted keys and the key for what is encrypted; a process that is forked later has it.
int trust_read(struct trust *trust);

// Reads the floor of the app NAME.
int trust_read_floor(struct trust *trust, const char *name);

// Copies the image that FD is open on, checks that it was signed for the app NAME, decrypts it if
// it is encrypted, and only then parses it. The bytes that are signed, those that are decrypted
// from them and those that run come from one copy, which nobody can change. Wipes the key. Returns
// TRUST_GIVEN and *ret_image, freed by image_done().
int trust_load(struct trust *trust, int fd, const char *name, struct image *ret_image);

// Whether IMAGE says of itself what its signer may say, and is not below the floor.
int trust_check(const struct trust *trust, const struct image *image);

// All of these after trust_open(), and that the image, open as FD, is of the app NAME: for who does
// not confine itself in between, as the supervisor does, and refuses what that refuses.
int trust_vet(struct trust *trust, int fd, const char *name, struct image *ret_image);

void trust_done(struct trust *trust);

// SPDX-License-Identifier: MIT
#pragma once

// Whether an image may run at all: who signed it, whether that key is good for the app, whether it
// is older than allowed, whether it can be decrypted. What the administrator says is read before
// the drop and after the spawner was forked, which must not have a key; what came with the app,
// after the drop. Every step returns 0 or the exit status of the process, having logged why.

#include <stdbool.h>
#include <stdint.h>

#include "image/envelope.h"
#include "image/guarded.h"
#include "image/key.h"

struct manifest;
struct run_options;
struct sealed;

struct trust {
    const struct run_options *options; /* until trust_done() */
    const char *name;                  /* of the app: the instance's; the caller's */
    int signature_fd;
    struct keys keys;
    const struct key *signer;         /* one of the keys; NULL: not known yet, or not asked for */
    char comment[SIGNATURE_WHY_SIZE]; /* the trusted one, its beginning */
    uint64_t floor;
    bool has_key;
    struct envelope_key key;
    char no_key[GUARDED_WHY_SIZE]; /* why there is none */
};

// Opens what lies beside the image that OPTIONS name. TRUST is freed by trust_done() in any case.
int trust_open(const struct run_options *options, struct trust *trust);

// Reads the trusted keys, the floor of the app NAME, and the key for what is encrypted.
int trust_read(struct trust *trust, const char *name);

// Whether the file SHIPPED was signed for the app, before anything in it is looked at.
int trust_check_file(struct trust *trust, const struct sealed *shipped);

// Puts what is encrypted in *SHIPPED, if it is, in place of it. Wipes the key.
int trust_unlock(struct trust *trust, struct sealed *shipped);

// Whether the image says of itself what its signer may say.
int trust_check_manifest(const struct trust *trust, const struct manifest *manifest);

void trust_done(struct trust *trust);

// SPDX-License-Identifier: MIT
#pragma once

// An image that is encrypted at rest: a header, and then libsodium's secretstream
// (XChaCha20-Poly1305) of the image in chunks of 64 KiB, the last of which says that it is the
// last. The key is the device's or the vendor's secret; who has the file alone reads nothing of it
// and changes nothing in it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image/guarded.h"
#include "image/image.h"
#include "image/sealed.h"

enum { ENVELOPE_LOCKED = 2 };

#define ENVELOPE_CHUNK_SIZE (64u << 10)
#define ENVELOPE_KEY_SIZE 32
#define ENVELOPE_KEY_FILE_SIZE_MAX 256
#define ENVELOPE_KEY_START "mpyd-image-key:" /* and 32 bytes in base64: the file of a key */
#define ENVELOPE_ID_FORMAT "%016llX"         /* of a key's number */

// Bytes of the largest image in its envelope, roughly.
#define ENVELOPE_SIZE_MAX (IMAGE_SIZE_MAX + (1u << 20))

struct envelope_key {
    uint64_t id; /* a hash of it: tells one from another, nothing else */
    uint8_t secret[ENVELOPE_KEY_SIZE];
};

// What stands before the chunks, little-endian, as mpyfreeze writes it. All of it but the stream's
// own header is authenticated with every chunk.
struct envelope_header {
    char magic[8];
    uint32_t format;
    uint32_t chunk_size;
    uint64_t key;
    uint8_t stream[24];
};

// Parses the SIZE bytes at TEXT, NUL behind them: the file of a key. Returns whether it is one, and
// *ret_key, which the caller wipes.
bool envelope_parse_key(const char *text, size_t size, struct envelope_key *ret_key);

// Reads the key in the file PATH. Returns 0 and *ret_key, which the caller wipes, or
// ENVELOPE_LOCKED with the reason in WHY, which names the file.
int envelope_read_key(const char *path, struct envelope_key *ret_key, char why[GUARDED_WHY_SIZE]);

void envelope_wipe(struct envelope_key *key);

// Whether the SIZE bytes at DATA are an envelope, good or bad.
bool envelope_is(const uint8_t *data, size_t size);

// Decrypts what is in the envelope SEALED with KEY, or NULL, chunk by chunk. Returns 0 and
// *ret_image, freed by sealed_done(); IMAGE_REFUSED, or ENVELOPE_LOCKED if it takes another key,
// with the reason in WHY; or -errno. sodium_init() was called.
int envelope_open(const struct sealed *sealed, const struct envelope_key *key,
                  struct sealed *ret_image, char why[IMAGE_WHY_SIZE]);

// SPDX-License-Identifier: MIT
#pragma once

// Signatures, key files and envelopes made in memory, with keys that are the same every time.

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/envelope.h"
#include "image/signature.h"

#define SIGNER_TEXT_SIZE 10300
#define SIGNER_ID 0x0102030405060708ull

struct signer {
    uint8_t public_key[crypto_sign_PUBLICKEYBYTES], secret_key[crypto_sign_SECRETKEYBYTES];
    char line[128]; /* the public key as in minisign's file */
};

static inline void signer_encode(const void *bytes, size_t size, char *text, size_t text_size) {
    (void)sodium_bin2base64(text, text_size, bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

static inline void signer_init(struct signer *signer, uint8_t seed_byte) {
    uint8_t seed[crypto_sign_SEEDBYTES], packed[42] = "Ed\x08\x07\x06\x05\x04\x03\x02\x01";

    memset(seed, seed_byte, sizeof(seed));
    (void)crypto_sign_seed_keypair(signer->public_key, signer->secret_key, seed);
    memcpy(packed + 10, signer->public_key, sizeof(signer->public_key));
    signer_encode(packed, sizeof(packed), signer->line, sizeof(signer->line));
}

// Writes the signature of the SIZE bytes at DATA and of COMMENT into TEXT.
static inline void signer_sign(const struct signer *signer, const uint8_t *data, size_t size,
                               bool is_hashed, const char *comment, char text[SIGNER_TEXT_SIZE]) {
    uint8_t hash[64], packed[74] = "Ed\x08\x07\x06\x05\x04\x03\x02\x01", of_comment[64];
    uint8_t both[64 + SIGNATURE_COMMENT_SIZE];
    char line_2[128], line_4[128];

    if (is_hashed) {
        packed[1] = 'D';
        (void)crypto_generichash(hash, sizeof(hash), data, size, NULL, 0);
        data = hash;
        size = sizeof(hash);
    }
    (void)crypto_sign_detached(packed + 10, NULL, data, size, signer->secret_key);
    memcpy(both, packed + 10, 64);
    memcpy(both + 64, comment, strlen(comment));
    (void)crypto_sign_detached(of_comment, NULL, both, 64 + strlen(comment), signer->secret_key);
    signer_encode(packed, sizeof(packed), line_2, sizeof(line_2));
    signer_encode(of_comment, sizeof(of_comment), line_4, sizeof(line_4));
    (void)snprintf(text, SIGNER_TEXT_SIZE,
                   "untrusted comment: a test\n%s\ntrusted comment: %s\n%s\n", line_2, comment,
                   line_4);
}

// The key whose secret is 32 times BYTE.
static inline struct envelope_key signer_envelope_key(uint8_t byte) {
    struct envelope_key key = {0};
    char text[128] = ENVELOPE_KEY_START;
    uint8_t secret[ENVELOPE_KEY_SIZE];

    memset(secret, byte, sizeof(secret));
    signer_encode(secret, sizeof(secret), text + strlen(text), sizeof(text) - strlen(text));
    (void)envelope_parse_key(text, strlen(text), &key);
    return key;
}

// The SIZE bytes at DATA in an envelope. Returns it, freed by the caller, and *ret_size.
static inline uint8_t *signer_envelope(const struct envelope_key *key, const uint8_t *data,
                                       size_t size, size_t *ret_size) {
    const size_t tag = crypto_secretstream_xchacha20poly1305_ABYTES;
    struct envelope_header header = {.magic = "MPYDENC", .format = 1, .key = key->id};
    crypto_secretstream_xchacha20poly1305_state state;
    size_t n_chunks = size / ENVELOPE_CHUNK_SIZE + 1, at = sizeof(header);
    uint8_t *sealed = malloc(sizeof(header) + size + n_chunks * tag);

    header.chunk_size = ENVELOPE_CHUNK_SIZE;
    (void)crypto_secretstream_xchacha20poly1305_init_push(&state, header.stream, key->secret);
    if (!sealed) {
        abort();
    }
    memcpy(sealed, &header, sizeof(header));
    for (size_t done = 0; done < size || done == 0; done += ENVELOPE_CHUNK_SIZE) {
        size_t n = size - done < ENVELOPE_CHUNK_SIZE ? size - done : ENVELOPE_CHUNK_SIZE;
        bool is_last = done + ENVELOPE_CHUNK_SIZE >= size;

        (void)crypto_secretstream_xchacha20poly1305_push(
            &state, sealed + at, NULL, data + done, n, sealed,
            offsetof(struct envelope_header, stream),
            is_last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
        at += n + tag;
    }
    *ret_size = at;
    return sealed;
}

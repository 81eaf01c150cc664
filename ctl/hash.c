// SPDX-License-Identifier: MIT
#include "ctl/hash.h"

#include <sodium.h>

_Static_assert(HASH_SHA256_SIZE == 2 * crypto_hash_sha256_BYTES + 1, "two digits a byte");
_Static_assert(HASH_BLAKE2B_SIZE == 2 * crypto_generichash_BYTES_MAX + 1, "two digits a byte");

void hash_sha256(const uint8_t *data, size_t size, char ret_text[HASH_SHA256_SIZE]) {
    uint8_t hash[crypto_hash_sha256_BYTES];

    (void)crypto_hash_sha256(hash, data, size); // never fails
    (void)sodium_bin2hex(ret_text, HASH_SHA256_SIZE, hash, sizeof(hash));
}

void hash_blake2b(const uint8_t *data, size_t size, char ret_text[HASH_BLAKE2B_SIZE]) {
    uint8_t hash[crypto_generichash_BYTES_MAX];

    (void)crypto_generichash(hash, sizeof(hash), data, size, NULL, 0); // never, for these sizes
    (void)sodium_bin2hex(ret_text, HASH_BLAKE2B_SIZE, hash, sizeof(hash));
}

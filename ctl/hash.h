// SPDX-License-Identifier: MIT
#pragma once

// Hashes that other tools give too: sha256sum(1); b2sum(1), which is what minisign signs.

#include <stddef.h>
#include <stdint.h>

#define HASH_SHA256_SIZE 65   /* bytes of its hexadecimal digits, NUL included */
#define HASH_BLAKE2B_SIZE 129 /* of BLAKE2b-512 */

void hash_sha256(const uint8_t *data, size_t size, char ret_text[HASH_SHA256_SIZE]);
void hash_blake2b(const uint8_t *data, size_t size, char ret_text[HASH_BLAKE2B_SIZE]);

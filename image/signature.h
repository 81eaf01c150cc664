// SPDX-License-Identifier: MIT
#pragma once

// Detached signatures as minisign(1) makes them: beside IMAGE lies IMAGE.minisig, four lines with
// an Ed25519 signature of the file ("Ed") or of its BLAKE2b-512 hash ("ED"), and one of that
// signature together with a comment, which is thus trusted too.
// https://jedisct1.github.io/minisign/ has the format.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_SUFFIX ".minisig"
#define SIGNATURE_SIZE_MAX 10240    /* bytes of such a file: minisign's own limits together */
#define SIGNATURE_COMMENT_SIZE 8192 /* of a trusted comment, NUL included */
#define SIGNATURE_KEY_SIZE 32       /* of a public key */
#define SIGNATURE_WHY_SIZE 256      /* bytes of a reason, NUL included */
#define SIGNATURE_ID_FORMAT "%llX"  /* of a key's number, as minisign writes it */

enum { SIGNATURE_REFUSED = 1 };

struct signature {
    uint64_t key; /* the number of the key that made it, it says */
    bool is_hashed;
    uint8_t of_file[64], of_comment[64];
    char comment[SIGNATURE_COMMENT_SIZE]; /* anything but a NUL or a line break */
};

// Parses the SIZE bytes at TEXT. Returns 0 and *ret_signature, or SIGNATURE_REFUSED with the reason
// in WHY, one line that does not name the file.
int signature_parse(const char *text, size_t size, struct signature *ret_signature,
                    char why[SIGNATURE_WHY_SIZE]);

// Reads and parses the file that FD is open on, from its start. Returns as signature_parse(), or
// -errno.
int signature_read(int fd, struct signature *ret_signature, char why[SIGNATURE_WHY_SIZE]);

enum signature_result { SIGNATURE_GOOD = 0, SIGNATURE_OTHER_FILE, SIGNATURE_OTHER_COMMENT };

// Whether PUBLIC_KEY's owner signed the SIZE bytes at DATA and the comment. sodium_init() was
// called.
enum signature_result signature_check(const struct signature *signature,
                                      const uint8_t public_key[SIGNATURE_KEY_SIZE],
                                      const uint8_t *data, size_t size);

// Parses the 56 characters of a public key, the second line of a file of minisign -G. Returns 0, or
// SIGNATURE_REFUSED if it is none.
int signature_parse_key(const char *text, uint64_t *ret_key,
                        uint8_t ret_public_key[SIGNATURE_KEY_SIZE]);

// SPDX-License-Identifier: MIT
#include "image/signature.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/why.h"

#define N_LINES 4
#define ID_SIZE 8
#define PLAIN "Ed"
#define HASHED "ED"
#define UNTRUSTED "untrusted comment: "
#define TRUSTED "trusted comment: "

#define REFUSE(why, ...) why_refuse(why, SIGNATURE_WHY_SIZE, __VA_ARGS__)

_Static_assert(SIGNATURE_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "Ed25519's");
_Static_assert(sizeof(((struct signature *)0)->of_file) == crypto_sign_BYTES, "Ed25519's");

struct line {
    const char *text;
    size_t size;
};

// What the second line of a signature and of a public key is before it becomes text.
struct signature_packed {
    char algorithm[2];
    uint8_t key[ID_SIZE];
    uint8_t signature[crypto_sign_BYTES];
};

struct key_packed {
    char algorithm[2];
    uint8_t key[ID_SIZE];
    uint8_t public_key[SIGNATURE_KEY_SIZE];
};

static uint64_t read_id(const uint8_t bytes[ID_SIZE]) {
    uint64_t value = 0;

    for (unsigned i = ID_SIZE; i-- > 0;) {
        value = value << 8 | bytes[i];
    }
    return value;
}

// Exactly SIZE bytes, in their one canonical form.
static bool decode(struct line line, void *ret_bytes, size_t size) {
    size_t n = 0;

    return sodium_base642bin(ret_bytes, size, line.text, line.size, NULL, &n, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           n == size;
}

// Lines may end like those of DOS, as minisign's may.
static int split(const char *text, size_t size, struct line lines[N_LINES], char *why) {
    const char *end = text + size;

    for (unsigned i = 0; i < N_LINES; i++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop ? stop : end) - text);

        if (text == end) {
            return REFUSE(why, "not a signature: %u lines, not %u", i, N_LINES);
        }
        lines[i] = (struct line){text, length};
        while (lines[i].size > 0 && text[lines[i].size - 1] == '\r') {
            lines[i].size--;
        }
        text = stop ? stop + 1 : end;
    }
    return text == end ? 0 : REFUSE(why, "more than %u lines", N_LINES);
}

static bool begins_with(struct line line, const char *start) {
    return line.size >= strlen(start) && memcmp(line.text, start, strlen(start)) == 0;
}

static int read_comment(struct line line, char comment[SIGNATURE_COMMENT_SIZE], char *why) {
    line.text += strlen(TRUSTED);
    line.size -= strlen(TRUSTED);
    if (line.size >= SIGNATURE_COMMENT_SIZE) {
        return REFUSE(why, "line 3: longer than %u bytes", SIGNATURE_COMMENT_SIZE - 1);
    }
    if (memchr(line.text, '\0', line.size)) {
        return REFUSE(why, "line 3: a NUL byte");
    }
    memcpy(comment, line.text, line.size);
    comment[line.size] = '\0';
    return 0;
}

int signature_parse(const char *text, size_t size, struct signature *ret_signature,
                    char why[SIGNATURE_WHY_SIZE]) {
    struct signature_packed packed;
    struct line lines[N_LINES];
    int r = split(text, size, lines, why);

    if (r != 0) {
        return r;
    }
    if (!begins_with(lines[0], UNTRUSTED)) {
        return REFUSE(why, "not a signature: line 1 does not begin with \"%s\"", UNTRUSTED);
    }
    if (!decode(lines[1], &packed, sizeof(packed))) {
        return REFUSE(why, "line 2: not %zu bytes in base64", sizeof(packed));
    }
    ret_signature->is_hashed = memcmp(packed.algorithm, HASHED, 2) == 0;
    if (!ret_signature->is_hashed && memcmp(packed.algorithm, PLAIN, 2) != 0) {
        return REFUSE(why, "line 2: of the kind \"%.2s\", not %s or %s", packed.algorithm, HASHED,
                      PLAIN);
    }
    if (!begins_with(lines[2], TRUSTED)) {
        return REFUSE(why, "line 3: does not begin with \"%s\"", TRUSTED);
    }
    if (!decode(lines[3], ret_signature->of_comment, sizeof(ret_signature->of_comment))) {
        return REFUSE(why, "line 4: not %zu bytes in base64", sizeof(ret_signature->of_comment));
    }
    ret_signature->key = read_id(packed.key);
    memcpy(ret_signature->of_file, packed.signature, sizeof(packed.signature));
    return read_comment(lines[2], ret_signature->comment, why);
}

int signature_read(int fd, struct signature *ret_signature, char why[SIGNATURE_WHY_SIZE]) {
    char text[SIGNATURE_SIZE_MAX + 1];
    ssize_t n = pread(fd, text, sizeof(text), 0);

    if (n < 0) {
        return -errno;
    }
    if ((size_t)n == sizeof(text)) {
        return REFUSE(why, "longer than %d bytes", SIGNATURE_SIZE_MAX);
    }
    return signature_parse(text, (size_t)n, ret_signature, why);
}

static bool is_of_file(const struct signature *signature, const uint8_t *public_key,
                       const uint8_t *data, size_t size) {
    uint8_t hash[crypto_generichash_BYTES_MAX];

    if (signature->is_hashed) {
        (void)crypto_generichash(hash, sizeof(hash), data, size, NULL, 0);
        data = hash;
        size = sizeof(hash);
    }
    return crypto_sign_verify_detached(signature->of_file, data, size, public_key) == 0;
}

enum signature_result signature_check(const struct signature *signature,
                                      const uint8_t public_key[SIGNATURE_KEY_SIZE],
                                      const uint8_t *data, size_t size) {
    const size_t length = strlen(signature->comment);
    uint8_t signed_too[sizeof(signature->of_file) + SIGNATURE_COMMENT_SIZE];

    if (!is_of_file(signature, public_key, data, size)) {
        return SIGNATURE_OTHER_FILE;
    }
    memcpy(signed_too, signature->of_file, sizeof(signature->of_file));
    memcpy(signed_too + sizeof(signature->of_file), signature->comment, length);
    return crypto_sign_verify_detached(signature->of_comment, signed_too,
                                       sizeof(signature->of_file) + length, public_key) == 0
               ? SIGNATURE_GOOD
               : SIGNATURE_OTHER_COMMENT;
}

int signature_parse_key(const char *text, uint64_t *ret_key,
                        uint8_t ret_public_key[SIGNATURE_KEY_SIZE]) {
    struct key_packed packed;

    if (!decode((struct line){text, strlen(text)}, &packed, sizeof(packed)) ||
        memcmp(packed.algorithm, PLAIN, 2) != 0) {
        return SIGNATURE_REFUSED;
    }
    *ret_key = read_id(packed.key);
    memcpy(ret_public_key, packed.public_key, SIGNATURE_KEY_SIZE);
    return 0;
}

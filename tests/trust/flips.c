// SPDX-License-Identifier: MIT

// flips IMAGE: changes every byte of a small image in turn. Signed, it is no longer what was
// signed; encrypted, nothing comes out. The same for places where it may be cut. The older kind of
// signature, without a hash, takes a sample: only how the bytes are read is another.

#include <err.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "image/key.h"
#include "image/sealed.h"
#include "tests/unit/signer.h"

#define COMMENT "release 1"
#define SAMPLE 16 /* one byte of so many */

static struct signer signer;
static struct key key = {.id = SIGNER_ID};
static struct keys keys = {.items = &key, .n_items = 1};

static int check(const struct signature *signature, const uint8_t *data, size_t size) {
    const struct key *found = NULL;
    char why[KEY_WHY_SIZE];

    return keys_find_signer(&keys, signature, data, size, &found, why);
}

// Returns how many changes went unnoticed.
static unsigned flip_signed(uint8_t *data, size_t size, bool is_hashed, size_t step) {
    char text[SIGNER_TEXT_SIZE], why[SIGNATURE_WHY_SIZE];
    struct signature signature;
    unsigned n_unnoticed = 0;

    signer_sign(&signer, data, size, is_hashed, COMMENT, text);
    if (signature_parse(text, strlen(text), &signature, why) != 0 ||
        check(&signature, data, size) != 0) {
        errx(1, "the image as it was signed is refused");
    }
    for (size_t i = 0; i < size; i += step) {
        data[i] ^= (uint8_t)(1u << i / step % 8);
        n_unnoticed += check(&signature, data, size) == 0;
        data[i] ^= (uint8_t)(1u << i / step % 8);
        n_unnoticed += i % SAMPLE == 0 && check(&signature, data, i) == 0;
    }
    if (check(&signature, data, size) != 0) {
        errx(1, "the image did not become again what it was");
    }
    return n_unnoticed;
}

static int open_envelope(const struct envelope_key *secret, const uint8_t *data, size_t size) {
    const struct sealed shipped = {.fd = -1, .data = data, .size = size};
    CLEANUP(sealed_done) struct sealed image = SEALED_INIT;
    char why[IMAGE_WHY_SIZE];
    int r = envelope_open(&shipped, secret, &image, why);

    if (r < 0) {
        errx(1, "envelope_open: %d", r);
    }
    return r;
}

static unsigned flip_encrypted(const uint8_t *plain, size_t plain_size) {
    const struct envelope_key secret = signer_envelope_key(3);
    size_t size = 0;
    CLEANUP_FREE uint8_t *data = signer_envelope(&secret, plain, plain_size, &size);
    unsigned n_unnoticed = 0;

    if (open_envelope(&secret, data, size) != 0) {
        errx(1, "the image as it was encrypted is refused");
    }
    for (size_t i = 8; i < size;
         i++) { /* before that it is no envelope, but an image that is none */
        data[i] ^= (uint8_t)(1u << i % 8);
        n_unnoticed += open_envelope(&secret, data, size) == 0;
        data[i] ^= (uint8_t)(1u << i % 8);
    }
    return n_unnoticed;
}

int main(int argc, char **argv) {
    CLEANUP(sealed_done) struct sealed sealed = SEALED_INIT;
    CLEANUP_FREE uint8_t *data = NULL;
    char why[IMAGE_WHY_SIZE], directory[] = "keys";
    CLEANUP_FD int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    unsigned n_unnoticed[3];

    if (fd < 0 || sodium_init() < 0 || sealed_copy(fd, IMAGE_SIZE_MAX, &sealed, why) != 0 ||
        !(data = malloc(sealed.size))) {
        errx(1, "usage: flips IMAGE");
    }
    keys.directory = directory;
    signer_init(&signer, 1);
    memcpy(key.public_key, signer.public_key, SIGNATURE_KEY_SIZE);
    memcpy(data, sealed.data, sealed.size);
    n_unnoticed[0] = flip_signed(data, sealed.size, true, 1);
    n_unnoticed[1] = flip_signed(data, sealed.size, false, SAMPLE);
    n_unnoticed[2] = flip_encrypted(data, sealed.size);
    printf("%zu bytes; unnoticed: %u hashed, %u not hashed, %u encrypted\n", sealed.size,
           n_unnoticed[0], n_unnoticed[1], n_unnoticed[2]);
    return n_unnoticed[0] + n_unnoticed[1] + n_unnoticed[2] == 0 ? 0 : 1;
}

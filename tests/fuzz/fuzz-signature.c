// SPDX-License-Identifier: MIT

// What is read before anybody is trusted: signatures (image/signature.c), the files of keys
// (image/key.c), envelopes and their keys (image/envelope.c). The first byte of an input says
// which, and whether the rest is all of it or changes of a good one.

#include <string.h>

#include "image/key.h"
#include "image/sealed.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/signer.h"

#define ROOM 12288u

static const uint8_t data[] = "what is signed";
static struct signer signer;

static void start(void) {
    if (signer.line[0] == '\0') {
        REQUIRE(sodium_init() >= 0);
        signer_init(&signer, 1);
    }
}

// Changes TEXT, SIZE bytes of at most ROOM: an offset, a length and as many bytes each; a length of
// 0 cuts it there. Returns the new size.
static size_t change(struct input *input, uint8_t *text, size_t size) {
    while (input->size > 0) {
        size_t place = input_u16(input), n = input_u8(input);

        if (n == 0 && place < size) {
            size = place;
        }
        if (n <= size && place <= size - n) {
            (void)input_bytes(input, text + place, n);
        }
    }
    return size;
}

// A copy of exactly that size and a NUL, so that a byte too much is seen. The caller's.
static char *copy_of(const void *text, size_t size) {
    char *copy = malloc(size + 1);

    REQUIRE(copy);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

static void require_reason(const char *why, size_t size) {
    REQUIRE(memchr(why, '\0', size) && why[0] != '\0' && is_printable_ascii(why));
}

// Nothing holds but what was signed: the same file and the same comment.
static void try_signature(const uint8_t *text, size_t size) {
    char *copy = copy_of(text, size), why[SIGNATURE_WHY_SIZE];
    struct signature signature;

    memset(why, 'x', sizeof(why));
    if (signature_parse(copy, size, &signature, why) != 0) {
        require_reason(why, sizeof(why));
    } else {
        REQUIRE(memchr(signature.comment, '\0', sizeof(signature.comment)));
        REQUIRE(!strchr(signature.comment, '\n'));
        if (signature_check(&signature, signer.public_key, data, sizeof(data)) == SIGNATURE_GOOD) {
            REQUIRE(strcmp(signature.comment, "good") == 0);
        }
    }
    free(copy);
}

// A key that is taken is good for something, and for no name that no pattern of it begins.
static void try_key(const uint8_t *text, size_t size) {
    char *copy = copy_of(text, size), why[KEY_WHY_SIZE], file[] = "f.key";
    struct key key;
    struct keys keys = {.items = &key, .n_items = 1};
    unsigned line = 0;

    memset(why, 'x', sizeof(why));
    if (key_parse(copy, size, &key, why) != 0) {
        require_reason(why, sizeof(why));
        REQUIRE(sscanf(why, "%u: ", &line) == 1 && line <= size + 1);
    } else {
        size_t length = strlen(key.apps);

        REQUIRE(!key.file && length >= 3 && key.apps[0] == ' ' && key.apps[length - 1] == ' ');
        REQUIRE(!strstr(key.apps, "  "));
        key.file = file;
        if (!strstr(key.apps, " q") && !strstr(key.apps, " * ")) {
            REQUIRE(keys_check_app(&keys, &key, "quite-another", why) == KEY_REFUSED);
        }
    }
    free(copy);
}

static void try_envelope(const uint8_t *text, size_t size, const char *plain, size_t plain_size) {
    const struct envelope_key key = signer_envelope_key(1);
    char *copy = copy_of(text, size), why[IMAGE_WHY_SIZE];
    const struct sealed shipped = {.fd = -1, .data = (const uint8_t *)copy, .size = size};
    struct sealed image = SEALED_INIT;
    int r;

    if (envelope_is(shipped.data, size)) {
        memset(why, 'x', sizeof(why));
        r = envelope_open(&shipped, &key, &image, why);
        REQUIRE(r >= 0);
        if (r > 0) {
            require_reason(why, sizeof(why));
        } else {
            REQUIRE(image.size == plain_size && memcmp(image.data, plain, plain_size) == 0);
        }
        sealed_done(&image);
    }
    free(copy);
}

static void try_envelope_key(const uint8_t *text, size_t size) {
    char *copy = copy_of(text, size);
    struct envelope_key key = {.id = 7};

    if (!envelope_parse_key(copy, size, &key)) {
        REQUIRE(sodium_is_zero((const uint8_t *)&key, sizeof(key)));
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const char key_text[] = "[key]\npublic = %s\napps = gauge meter-* ; two\napps = z*\n";
    static const char plain[] = "what is encrypted, in a chunk that is the last one";
    struct input input = {bytes, size};
    char text[SIGNER_TEXT_SIZE];
    uint8_t buffer[ROOM], *sealed;
    size_t n = 0;

    start();
    switch (input_u8(&input) % 7) {
    case 0:
        try_signature(input.data, input.size);
        break;
    case 1:
        signer_sign(&signer, data, sizeof(data), input_u8(&input) % 2, "good", text);
        n = strlen(text);
        memcpy(buffer, text, n);
        try_signature(buffer, change(&input, buffer, n));
        break;
    case 2:
        try_key(input.data, input.size);
        break;
    case 3:
        n = (size_t)snprintf((char *)buffer, sizeof(buffer), key_text, signer.line);
        try_key(buffer, change(&input, buffer, n));
        break;
    case 4:
        try_envelope(input.data, input.size, plain, sizeof(plain));
        break;
    case 5: {
        const struct envelope_key key = signer_envelope_key(1);

        sealed = signer_envelope(&key, (const uint8_t *)plain, sizeof(plain), &n);
        n = change(&input, sealed, n);
        try_envelope(sealed, n, plain, sizeof(plain));
        free(sealed);
        break;
    }
    default:
        try_envelope_key(input.data, input.size);
    }
    return 0;
}

// SPDX-License-Identifier: MIT
// Envelopes: what went in comes out, and nothing else ever does.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "base/cleanup.h"
#include "tests/unit/signer.h"

#define SIZE_MAX_HERE (3 * ENVELOPE_CHUNK_SIZE)

static uint8_t plain[SIZE_MAX_HERE];

// Opens the envelope of SIZE bytes at DATA, which stays the caller's.
static int open_one(const uint8_t *data, size_t size, const struct envelope_key *key,
                    struct sealed *ret_image) {
    const struct sealed shipped = {.fd = -1, .data = data, .size = size};
    char why[IMAGE_WHY_SIZE] = "";
    int r = envelope_open(&shipped, key, ret_image, why);

    assert_true(r == 0 || why[0] != '\0');
    return r;
}

static void test_open_gives_what_was_put_in(void **state) {
    static const size_t sizes[] = {1, ENVELOPE_CHUNK_SIZE - 1, ENVELOPE_CHUNK_SIZE,
                                   ENVELOPE_CHUNK_SIZE + 1, SIZE_MAX_HERE};
    const struct envelope_key key = signer_envelope_key(1);

    (void)state;
    for (unsigned i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
        struct sealed image = SEALED_INIT;
        size_t size = 0;
        CLEANUP_FREE uint8_t *data = signer_envelope(&key, plain, sizes[i], &size);

        assert_true(envelope_is(data, size));
        assert_int_equal(open_one(data, size, &key, &image), 0);
        assert_int_equal(image.size, sizes[i]);
        assert_memory_equal(image.data, plain, sizes[i]);
        assert_true(write(image.fd, "x", 1) < 0 && errno == EPERM);
        sealed_done(&image);
        assert_int_equal(image.fd, -1);
    }
}

static void test_open_without_its_key_is_locked(void **state) {
    const struct envelope_key key = signer_envelope_key(1), other = signer_envelope_key(2);
    struct envelope_key forged = other;
    struct sealed image = SEALED_INIT;
    size_t size = 0;
    CLEANUP_FREE uint8_t *data = signer_envelope(&key, plain, 1000, &size);

    (void)state;
    assert_int_equal(open_one(data, size, NULL, &image), ENVELOPE_LOCKED);
    assert_int_equal(open_one(data, size, &other, &image), ENVELOPE_LOCKED);
    forged.id = key.id;
    assert_int_equal(open_one(data, size, &forged, &image), IMAGE_REFUSED);
    assert_int_equal(image.fd, -1);
}

static void test_open_truncated_anywhere_is_refused(void **state) {
    const struct envelope_key key = signer_envelope_key(1);
    struct sealed image = SEALED_INIT;
    size_t size = 0, n = 0;
    CLEANUP_FREE uint8_t *data = signer_envelope(&key, plain, 2 * ENVELOPE_CHUNK_SIZE, &size);

    (void)state;
    for (size_t i = 8; i < size; i += i < 300 || size - i < 1200 ? 1 : 997, n++) {
        assert_int_equal(open_one(data, i, &key, &image), IMAGE_REFUSED);
    }
    assert_in_range(n, 400, size);
}

static void test_open_longer_than_its_last_chunk_is_refused(void **state) {
    const struct envelope_key key = signer_envelope_key(1);
    struct sealed image = SEALED_INIT;
    size_t size = 0;
    CLEANUP_FREE uint8_t *data = signer_envelope(&key, plain, ENVELOPE_CHUNK_SIZE, &size);
    CLEANUP_FREE uint8_t *longer = calloc(1, size + 1);

    (void)state;
    assert_non_null(longer);
    memcpy(longer, data, size);
    assert_int_equal(open_one(longer, size + 1, &key, &image), IMAGE_REFUSED);
    assert_int_equal(open_one(longer, size, &key, &image), 0);
    sealed_done(&image);
}

// The envelope of an image a byte too large is itself no larger than a file may be.
static void test_open_too_large_is_refused(void **state) {
    const struct envelope_key key = signer_envelope_key(1);
    CLEANUP_FREE uint8_t *zeros = calloc(1, IMAGE_SIZE_MAX + 1);
    struct sealed image = SEALED_INIT;
    uint8_t *data;
    size_t size = 0;

    (void)state;
    assert_non_null(zeros);
    for (unsigned excess = 0; excess < 2; excess++) {
        data = signer_envelope(&key, zeros, IMAGE_SIZE_MAX + excess, &size);
        assert_in_range(size, IMAGE_SIZE_MAX, ENVELOPE_SIZE_MAX);
        assert_int_equal(open_one(data, size, &key, &image), excess ? IMAGE_REFUSED : 0);
        sealed_done(&image);
        free(data);
    }
}

static void test_open_empty_is_refused(void **state) {
    const struct envelope_key key = signer_envelope_key(1);
    struct sealed image = SEALED_INIT;
    size_t size = 0;
    CLEANUP_FREE uint8_t *data = signer_envelope(&key, plain, 0, &size);

    (void)state;
    assert_int_equal(open_one(data, size, &key, &image), IMAGE_REFUSED);
}

static void test_is_goes_by_its_beginning(void **state) {
    (void)state;
    assert_false(envelope_is((const uint8_t *)"MPYDENC", 7));
    assert_true(envelope_is((const uint8_t *)"MPYDENC", 8));
    assert_false(envelope_is((const uint8_t *)"MPYDENC1", 8));
    assert_false(envelope_is((const uint8_t *)"\177ELF....", 8));
}

static void test_parse_key_takes_one_form(void **state) {
    static const char *const bad[] = {
        "",
        "mpyd-image-key:",
        "mpyd-image-key:AAAA",
        "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
        "mpyd-image-key:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE",
        "mpyd-image-key:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQF=",
        "mpyd-image-key:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\n",
        " mpyd-image-key:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
    };
    static const char good[] = "mpyd-image-key:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
    const struct envelope_key expected = signer_envelope_key(1);
    struct envelope_key key;

    (void)state;
    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_false(envelope_parse_key(bad[i], strlen(bad[i]), &key));
    }
    assert_true(envelope_parse_key(good, strlen(good), &key));
    assert_memory_equal(&key, &expected, sizeof(key));
    envelope_wipe(&key);
    assert_true(sodium_is_zero((const uint8_t *)&key, sizeof(key)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_gives_what_was_put_in),
        cmocka_unit_test(test_open_without_its_key_is_locked),
        cmocka_unit_test(test_open_truncated_anywhere_is_refused),
        cmocka_unit_test(test_open_longer_than_its_last_chunk_is_refused),
        cmocka_unit_test(test_open_too_large_is_refused),
        cmocka_unit_test(test_open_empty_is_refused),
        cmocka_unit_test(test_is_goes_by_its_beginning),
        cmocka_unit_test(test_parse_key_takes_one_form),
    };

    for (size_t i = 0; i < sizeof(plain); i++) {
        plain[i] = (uint8_t)(i * 7 + i / 251);
    }
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

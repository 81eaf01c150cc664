// SPDX-License-Identifier: MIT
// Signatures: what is one, whose it is, and what it is over.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/signer.h"

static const uint8_t data[] = "what is signed";

// As minisign 0.11 wrote them, of the five bytes "hello".
static const char minisign_key[] = "RWSGrqPRPqdbYEjCqXNJ1wvQz++REtF25133awg0WLO0vD7g9GONrNe1";
static const char *const minisign_signatures[] = {
    "untrusted comment: signature from minisign secret key\n"
    "RUSGrqPRPqdbYCJaFuc6CZknK6WZrIkoQARgl48VsEojXVW8QKV8N1Y9ajfL1eXvY1abY05wox8vCKd+"
    "Ig6aPmZUHsKlVCMWsAA=\n"
    "trusted comment: a comment\n"
    "jIkbIB30+agpFOPU8rCGy5fxUhCQ4oeUv3jp12+ANaOX9Gvs/kPyJVVjf40RVbFoSZ1Q6ZLSVuV1FiLMqgN6CA==\n",
    "untrusted comment: signature from minisign secret key\n"
    "RWSGrqPRPqdbYF+cVeuFuPsKxQ6A98srIEx4cUOQCiipmpIH+Wb5RjW2P8NA+"
    "OlSgjuFbtH7Ypwi2xe7iRxoVHOU8f3E7xqTagw=\n"
    "trusted comment: a comment\n"
    "z292EV+xp54JwC7xcadIwDmyiXR6RG2vw3EFuwFmpXw8t1U5mvFptjpk6VQBC3uuIVUX3YWzTI+Af/DBHEgOBg==\n",
};

static int parse(const char *text, struct signature *signature) {
    char why[SIGNATURE_WHY_SIZE] = "";
    int r = signature_parse(text, strlen(text), signature, why);

    assert_true(r == 0 || (r == SIGNATURE_REFUSED && why[0] != '\0'));
    return r;
}

static void test_check_minisigns_own_is_good(void **state) {
    uint8_t public_key[SIGNATURE_KEY_SIZE];
    struct signature signature;
    uint64_t id = 0;

    (void)state;
    assert_int_equal(signature_parse_key(minisign_key, &id, public_key), 0);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(parse(minisign_signatures[i], &signature), 0);
        assert_true(signature.key == id);
        assert_int_equal(signature.is_hashed, i == 0);
        assert_string_equal(signature.comment, "a comment");
        assert_int_equal(signature_check(&signature, public_key, (const uint8_t *)"hello", 5),
                         SIGNATURE_GOOD);
        assert_int_equal(signature_check(&signature, public_key, (const uint8_t *)"hellp", 5),
                         SIGNATURE_OTHER_FILE);
    }
}

static void test_check_of_another_kind_is_bad(void **state) {
    struct signature signature;
    struct signer signer;
    char text[SIGNER_TEXT_SIZE];

    (void)state;
    signer_init(&signer, 1);
    for (unsigned is_hashed = 0; is_hashed < 2; is_hashed++) {
        signer_sign(&signer, data, sizeof(data), is_hashed, "c", text);
        assert_int_equal(parse(text, &signature), 0);
        assert_true(signature.key == SIGNER_ID);
        assert_int_equal(signature_check(&signature, signer.public_key, data, sizeof(data)),
                         SIGNATURE_GOOD);
        signature.is_hashed = !is_hashed;
        assert_int_equal(signature_check(&signature, signer.public_key, data, sizeof(data)),
                         SIGNATURE_OTHER_FILE);
    }
}

static void test_check_changed_comment_is_bad(void **state) {
    struct signature signature;
    struct signer signer;
    char text[SIGNER_TEXT_SIZE];

    (void)state;
    signer_init(&signer, 1);
    signer_sign(&signer, data, sizeof(data), true, "release 1", text);
    *strstr(text, "release 1") = 'R';
    assert_int_equal(parse(text, &signature), 0);
    assert_int_equal(signature_check(&signature, signer.public_key, data, sizeof(data)),
                     SIGNATURE_OTHER_COMMENT);
}

// Whatever byte becomes whatever other: the same signature, which only the untrusted comment and
// line ends allow, or none that holds.
static void test_check_any_byte_changed_is_bad_or_the_same(void **state) {
    struct signature good, changed;
    struct signer signer;
    char text[SIGNER_TEXT_SIZE];
    unsigned n_same = 0;

    (void)state;
    signer_init(&signer, 1);
    signer_sign(&signer, data, sizeof(data), true, "c", text);
    memset(&good, 0, sizeof(good));
    memset(&changed, 0, sizeof(changed));
    assert_int_equal(parse(text, &good), 0);
    for (size_t i = 0; text[i]; i++) {
        char byte = text[i];

        for (unsigned bit = 1; bit < 256; bit <<= 1) {
            text[i] = (char)((unsigned char)byte ^ bit);
            if (text[i] && parse(text, &changed) == 0 &&
                signature_check(&changed, signer.public_key, data, sizeof(data)) ==
                    SIGNATURE_GOOD) {
                assert_memory_equal(changed.of_file, good.of_file, sizeof(good.of_file));
                assert_string_equal(changed.comment, "c");
                n_same++;
            }
        }
        text[i] = byte;
    }
    assert_in_range(n_same, 1, 8 * (sizeof("a test") + 10 * 8)); /* comment, and the key's number */
}

static void test_parse_every_start_is_refused(void **state) {
    struct signature signature;
    struct signer signer;
    char text[SIGNER_TEXT_SIZE], why[SIGNATURE_WHY_SIZE];
    size_t size;

    (void)state;
    signer_init(&signer, 1);
    signer_sign(&signer, data, sizeof(data), true, "c", text);
    size = strlen(text);
    for (size_t i = 0; i + 1 < size; i++) { /* the last line break may be missing */
        assert_int_equal(signature_parse(text, i, &signature, why), SIGNATURE_REFUSED);
    }
    assert_int_equal(signature_parse(text, size - 1, &signature, why), 0);
    assert_int_equal(signature_parse(text, size + 1, &signature, why), SIGNATURE_REFUSED);
}

static void test_parse_comment_up_to_its_limit(void **state) {
    static char comment[SIGNATURE_COMMENT_SIZE], text[SIGNER_TEXT_SIZE];
    struct signature signature;
    struct signer signer;
    char *end;

    (void)state;
    signer_init(&signer, 1);
    memset(comment, 'x', sizeof(comment) - 1);
    signer_sign(&signer, data, sizeof(data), true, comment, text);
    assert_int_equal(parse(text, &signature), 0);
    assert_int_equal(signature_check(&signature, signer.public_key, data, sizeof(data)),
                     SIGNATURE_GOOD);
    end = strstr(text, "xx");
    memmove(end + 1, end, strlen(end) + 1);
    assert_int_equal(parse(text, &signature), SIGNATURE_REFUSED);
}

static void test_parse_key_not_canonical_is_refused(void **state) {
    static const char *const bad[] = {"", "RWQ", "RUQ=", "hello"};
    uint8_t public_key[SIGNATURE_KEY_SIZE];
    struct signer signer;
    uint64_t id = 0;

    (void)state;
    signer_init(&signer, 1);
    assert_int_equal(signature_parse_key(signer.line, &id, public_key), 0);
    assert_true(id == SIGNER_ID);
    assert_memory_equal(public_key, signer.public_key, sizeof(public_key));
    for (unsigned i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(signature_parse_key(bad[i], &id, public_key), SIGNATURE_REFUSED);
    }
    signer.line[1] = 'X';
    assert_int_equal(signature_parse_key(signer.line, &id, public_key), SIGNATURE_REFUSED);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_minisigns_own_is_good),
        cmocka_unit_test(test_check_of_another_kind_is_bad),
        cmocka_unit_test(test_check_changed_comment_is_bad),
        cmocka_unit_test(test_check_any_byte_changed_is_bad_or_the_same),
        cmocka_unit_test(test_parse_every_start_is_refused),
        cmocka_unit_test(test_parse_comment_up_to_its_limit),
        cmocka_unit_test(test_parse_key_not_canonical_is_refused),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}

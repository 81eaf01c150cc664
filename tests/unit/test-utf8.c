// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

#define CODE_POINT_END 0x200000u /* as far as four bytes can write */

// Writes CODE in exactly SIZE bytes by UTF-8's rule, whether it may be written so or not.
static void encode(uint32_t code, size_t size, uint8_t *ret_bytes) {
    static const uint8_t lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};

    for (size_t i = size - 1; i > 0; i--) {
        ret_bytes[i] = 0x80 | (code & 0x3f);
        code >>= 6;
    }
    ret_bytes[0] = lead[size] | (uint8_t)code;
}

// The only length in which CODE may be written; 0: none.
static size_t right_size(uint32_t code) {
    if (code == 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) {
        return 0;
    }
    return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
}

static void test_every_code_point_in_every_length(void **state) {
    static const uint32_t ends[] = {0, 0x80, 0x800, 0x10000, CODE_POINT_END};
    uint8_t bytes[4];

    for (size_t size = 1; size <= 4; size++) {
        for (uint32_t code = 0; code < ends[size]; code++) {
            encode(code, size, bytes);
            if (utf8_is_text(bytes, size) != (size == right_size(code))) {
                fail_msg("U+%04X in %zu bytes", code, size);
            }
        }
    }
}

static void test_truncated_sequence_is_refused(void **state) {
    const char *text = "\xf0\x9f\x8c\xa1";

    assert_true(utf8_is_text((const uint8_t *)text, 4));
    for (size_t size = 1; size < 4; size++) {
        assert_false(utf8_is_text((const uint8_t *)text, size));
    }
}

static void test_sequence_interrupted_by_ascii_is_refused(void **state) {
    const char *const bad[] = {"\xc3x", "\xe2\x82x", "\xe2x\xac", "\xf0\x9fx\xa1", "a\x80", "\xff"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_false(utf8_is_text((const uint8_t *)bad[i], strlen(bad[i])));
    }
}

static void test_mixed_text_is_accepted(void **state) {
    const char *text = "21.5\xc2\xb0\x43 \xe2\x82\xac \xf0\x9f\x8c\xa1\n";

    assert_true(utf8_is_text((const uint8_t *)text, strlen(text)));
    assert_false(utf8_is_text((const uint8_t *)text, strlen(text) + 1)); // its NUL
    assert_true(utf8_is_text(NULL, 0));
}

static void test_harmless_is_what_shows_on_one_line(void **state) {
    static const char *const harmless[] = {"",
                                           "gr\xc3\xb6\xc3\x9f"
                                           "e",
                                           "a b~", "\xf0\x9f\x8c\xa1"};
    static const char *const harmful[] = {
        "a\tb",       "a\n",          "\x1b[2J",      "\x7f",
        "\302\2332J", // octal, which ends after three
        "\xc1\xb6",   "\xe2\x80\xae", "\xe2\x81\xa6", "\xef\xbb\xbf", "\xc3", "\xed\xa0\x80"};

    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++) {
        assert_true(utf8_is_harmless(harmless[i], strlen(harmless[i])));
    }
    for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
        assert_false(utf8_is_harmless(harmful[i], strlen(harmful[i])));
    }
    assert_false(utf8_is_harmless("a\0b", 3));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_code_point_in_every_length),
        cmocka_unit_test(test_truncated_sequence_is_refused),
        cmocka_unit_test(test_sequence_interrupted_by_ascii_is_refused),
        cmocka_unit_test(test_mixed_text_is_accepted),
        cmocka_unit_test(test_harmless_is_what_shows_on_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

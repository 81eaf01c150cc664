// SPDX-License-Identifier: MIT
// The worker's own reading and writing of addresses, against the C library's.
#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "vm/socket-address.h"

static int libc_parse(const char *text, struct wire_address *ret_address) {
    *ret_address = (struct wire_address){0};
    if (inet_pton(AF_INET, text, ret_address->host) == 1) {
        ret_address->family = WIRE_INET;
        return 0;
    }
    if (inet_pton(AF_INET6, text, ret_address->host) == 1) {
        ret_address->family = WIRE_INET6;
        return 0;
    }
    return -EINVAL;
}

static void assert_same_as_libc(const char *text) {
    struct wire_address ours = {0}, theirs;
    int r = socket_address_parse(text, strlen(text), &ours);

    if (r != libc_parse(text, &theirs)) {
        fail_msg("\"%s\": %d", text, r);
    }
    if (r == 0 && memcmp(&ours, &theirs, sizeof(ours)) != 0) {
        fail_msg("\"%s\" read as another address", text);
    }
}

static void test_parse_literals_as_libc_does(void **state) {
    static const char *const texts[] = {"0.0.0.0",
                                        "127.0.0.1",
                                        "255.255.255.255",
                                        "1.2.3",
                                        "1.2.3.4.",
                                        ".1.2.3.4",
                                        "1.2.3.256",
                                        "1..2.3",
                                        "01.2.3.4",
                                        "1.2.3.4 ",
                                        " 1.2.3.4",
                                        "1.2.3.4.5",
                                        "",
                                        ":",
                                        "::",
                                        ":::",
                                        "::1",
                                        "1::",
                                        "1::2::3",
                                        "1:2:3:4:5:6:7:8",
                                        "1:2:3:4:5:6:7:8:9",
                                        "1:2:3:4:5:6:7",
                                        "::2:3:4:5:6:7:8",
                                        "1:2:3:4:5:6:7::",
                                        "1:2:3:4:5:6:7:8::",
                                        "::1:2:3:4:5:6:7:8",
                                        "12345::",
                                        "g::",
                                        "fe80::1",
                                        "FE80::ABCD",
                                        "::ffff:1.2.3.4",
                                        "::ffff:1.2.3",
                                        "1:2:3:4:5:6:1.2.3.4",
                                        "1:2:3:4:5:6:7:1.2.3.4",
                                        "::1.2.3.4:1",
                                        ":1",
                                        "1:",
                                        "1:2:",
                                        "::1:",
                                        "example.org",
                                        "1",
                                        "64:ff9b::192.0.2.33",
                                        "2001:db8:0:0:1:0:0:1",
                                        "-1.2.3.4",
                                        "1.2.3.-4",
                                        "0x1.2.3.4"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_same_as_libc(texts[i]);
    }
}

static void test_parse_random_text_as_libc_does(void **state) {
    static const char letters[] = "0123456789abf:::::....";
    char text[24];

    srandom(1);
    for (int i = 0; i < 400000; i++) {
        size_t size = (size_t)random() % (sizeof(text) - 1);

        for (size_t j = 0; j < size; j++) {
            text[j] = letters[(size_t)random() % (sizeof(letters) - 1)];
        }
        text[size] = '\0';
        assert_same_as_libc(text);
    }
}

static void test_parse_scope_read(void **state) {
    struct wire_address address;

    assert_int_equal(socket_address_parse("fe80::1%3", 9, &address), 0);
    assert_int_equal(address.scope, 3);
    assert_int_equal(address.host[0], 0xfe);
    assert_int_equal(socket_address_parse("fe80::1%", 8, &address), -EINVAL);
    assert_int_equal(socket_address_parse("fe80::1%x", 9, &address), -EINVAL);
    assert_int_equal(socket_address_parse("fe80::1%4294967296", 18, &address), -EINVAL);
    assert_int_equal(socket_address_parse("1.2.3.4%1", 9, &address), -EINVAL);
}

static void test_parse_embedded_nul_refused(void **state) {
    struct wire_address address;

    assert_int_equal(socket_address_parse("1.2.3.4\0", 8, &address), -EINVAL);
    assert_int_equal(socket_address_parse("::1\0", 4, &address), -EINVAL);
}

static void test_format_as_libc_does(void **state) {
    struct wire_address address = {0};
    char ours[SOCKET_ADDRESS_TEXT_SIZE], theirs[SOCKET_ADDRESS_TEXT_SIZE];

    srandom(2);
    for (int i = 0; i < 200000; i++) {
        address.family = i % 4 == 0 ? WIRE_INET : WIRE_INET6;
        for (size_t j = 0; j < sizeof(address.host); j++) {
            address.host[j] = (uint8_t)(random() % 3 == 0 ? random() : 0);
        }
        if (address.family == WIRE_INET6 &&
            memcmp(address.host, "\0\0\0\0\0\0\0\0\0\0\0", 12) == 0) {
            continue; /* the C library writes IPv4 there, which RFC 5952 leaves to ::ffff:0:0/96 */
        }
        assert_non_null(inet_ntop(address.family == WIRE_INET ? AF_INET : AF_INET6, address.host,
                                  theirs, sizeof(theirs)));
        assert_int_equal(socket_address_format(&address, ours), strlen(theirs));
        assert_string_equal(ours, theirs);
    }
}

static void test_format_short_forms(void **state) {
    static const char *const texts[] = {
        "::", "::1", "1::", "::ffff:10.0.0.1", "2001:db8::1", "1:0:0:2::3", "0:1:0:1:0:1:0:1"};
    char text[SOCKET_ADDRESS_TEXT_SIZE];
    struct wire_address address;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(socket_address_parse(texts[i], strlen(texts[i]), &address), 0);
        assert_int_equal(socket_address_format(&address, text), strlen(texts[i]));
        assert_string_equal(text, texts[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_literals_as_libc_does),
        cmocka_unit_test(test_parse_random_text_as_libc_does),
        cmocka_unit_test(test_parse_scope_read),
        cmocka_unit_test(test_parse_embedded_nul_refused),
        cmocka_unit_test(test_format_as_libc_does),
        cmocka_unit_test(test_format_short_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

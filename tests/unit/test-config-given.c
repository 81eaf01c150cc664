// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config-fixture.h"
#include "daemon/config/config-given.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_given_files_read(void **state) {
    struct config config;
    struct config_row row;
    char why[CONFIG_WHY_SIZE];
    FILE *later = fmemopen((char[]){"[files]\nserial =\n"}, 17, "r");

    assert_int_equal(
        config_fixture_read(&config,
                            "[files]\nmap = /etc/map ; it\n[stop]\nstop = 1s\n[files]\n"
                            "serial = /dev/serial/by-path/pci-0000:00:14.0-usb-0:1\n",
                            why),
        0);
    assert_true(config_given_get_row(&config.given, 0, &row));
    assert_string_equal(row.section, "files");
    assert_string_equal(row.key, "map");
    assert_string_equal(row.text, "/etc/map");
    assert_string_equal(row.file, "a.conf");
    assert_int_equal(row.line, 2);
    assert_int_equal(row.applies, CONFIG_NEXT);
    assert_true(config_given_get_row(&config.given, 1, &row));
    assert_string_equal(row.text, "/dev/serial/by-path/pci-0000:00:14.0-usb-0:1");
    assert_false(config_given_get_row(&config.given, 2, &row));
    // A later file takes one away.
    assert_non_null(later);
    assert_int_equal(config_read(&config, later, "b.conf", why), 0);
    assert_int_equal(fclose(later), 0);
    assert_true(config_given_get_row(&config.given, 1, &row));
    assert_string_equal(row.text, "");
    assert_string_equal(row.file, "b.conf");
    config_done(&config);
    assert_null(config.given.items);
}

static void test_given_files_refused(void **state) {
    static const char *const paths[] = {
        "dev/null", "/a b", "/a%i",  "/a\\x20b",  "/a\"b", "/a'b",
        "/a$b",     "/a*",  "/a\tb", "/\xc3\xa4", "-/a",   "/a\rUser=root",
    };
    char text[1024], expected[CONFIG_WHY_SIZE], long_path[162];

    for (size_t i = 0; i < N(paths); i++) {
        (void)snprintf(text, sizeof(text), "[files]\nmap = %s\n", paths[i]);
        (void)snprintf(expected, sizeof(expected),
                       "a.conf:2: [files] map: \"%s\" is not a path from / of at most 160 letters, "
                       "digits and / . _ - + : @ , = ~",
                       paths[i]);
        config_fixture_refuses(text, expected);
    }
    memset(long_path, '/', 161);
    long_path[161] = '\0';
    (void)snprintf(text, sizeof(text), "[files]\nmap = %s\n", long_path);
    (void)snprintf(expected, sizeof(expected),
                   "a.conf:2: [files] map: \"%.80s\" is not a path from / of at most 160 letters, "
                   "digits and / . _ - + : @ , = ~",
                   long_path);
    config_fixture_refuses(text, expected);
    config_fixture_refuses("[files]\n.map = /a\n",
                           "a.conf:2: [files] .map: \".map\" is no name for a file: "
                           "1 to 32 letters, digits, . _ -");
    config_fixture_refuses("[files]\na/b = /a\n",
                           "a.conf:2: [files] a/b: \"a/b\" is no name for a file: "
                           "1 to 32 letters, digits, . _ -");
    config_fixture_refuses("[files]\nmap = /a\n\nmap = /b\n", "a.conf:4: [files] map: set twice");
}

static void test_given_files_refused_beyond_their_number(void **state) {
    char text[1024] = "[files]\n";

    for (int i = 0; i < 33; i++) {
        (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "f%d = /a\n", i);
    }
    config_fixture_refuses(text, "a.conf:34: [files] f32: more than 32 files");
}

static void test_given_files_compared(void **state) {
    static const struct {
        const char *one, *other;
        bool is_same;
    } rows[] = {
        {"", "", true},
        {"a = /a\nb = /b\n", "b = /b\na = /a\n", true},
        {"a = /a\nb =\n", "a = /a\n", true},
        {"a = /a\n", "a = /a\nb =\n", true},
        {"a = /a\n", "a = /b\n", false},
        {"a = /a\n", "", false},
        {"", "a = /a\n", false},
        {"a = /a\n", "a =\n", false},
        {"a = /a\n", "a = /a\nb = /b\n", false},
    };

    for (size_t i = 0; i < N(rows); i++) {
        struct config one, other;
        char text[64], why[CONFIG_WHY_SIZE];

        (void)snprintf(text, sizeof(text), "[files]\n%s", rows[i].one);
        assert_int_equal(config_fixture_read(&one, text, why), 0);
        (void)snprintf(text, sizeof(text), "[files]\n%s", rows[i].other);
        assert_int_equal(config_fixture_read(&other, text, why), 0);
        assert_int_equal(config_given_is_same(&one.given, &other.given), rows[i].is_same);
        config_done(&one);
        config_done(&other);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given_files_read),
        cmocka_unit_test(test_given_files_refused),
        cmocka_unit_test(test_given_files_refused_beyond_their_number),
        cmocka_unit_test(test_given_files_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/network/address.h"
#include "daemon/network/policy-rule.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void test_parse_good_grants_read(void **state) {
    static const struct {
        const char *text;
        uint8_t protocol, host, prefix;
        uint16_t port_min, port_max;
        const char *name;
    } good[] = {
        {"tcp:80", POLICY_TCP, POLICY_ANY, 0, 80, 80, NULL},
        {"udp:*", POLICY_UDP, POLICY_ANY, 0, 0, 65535, NULL},
        {"tcp:*:*", POLICY_TCP, POLICY_ANY, 0, 0, 65535, NULL},
        {"tcp:0", POLICY_TCP, POLICY_ANY, 0, 0, 0, NULL},
        {"tcp:*:9000-9010", POLICY_TCP, POLICY_ANY, 0, 9000, 9010, NULL},
        {"tcp:65535-65535", POLICY_TCP, POLICY_ANY, 0, 65535, 65535, NULL},
        {"tcp:127.0.0.1:8080", POLICY_TCP, POLICY_NETWORK, 32, 8080, 8080, NULL},
        {"tcp:10.0.0.0/8:1883", POLICY_TCP, POLICY_NETWORK, 8, 1883, 1883, NULL},
        {"tcp:0.0.0.0/0:1", POLICY_TCP, POLICY_NETWORK, 0, 1, 1, NULL},
        {"udp:[::1]:53", POLICY_UDP, POLICY_NETWORK, 128, 53, 53, NULL},
        {"udp:[fe80::/10]:53", POLICY_UDP, POLICY_NETWORK, 10, 53, 53, NULL},
        {"udp:[fe80::]/10:53-54", POLICY_UDP, POLICY_NETWORK, 10, 53, 54, NULL},
        {"tcp:[::ffff:10.0.0.1]:5", POLICY_TCP, POLICY_NETWORK, 32, 5, 5, NULL},
        {"tcp:[::ffff:10.0.0.0/104]:5", POLICY_TCP, POLICY_NETWORK, 8, 5, 5, NULL},
        {"tcp:example.org:443", POLICY_TCP, POLICY_NAME, 0, 443, 443, "example.org"},
        {"tcp:Example.ORG.:443", POLICY_TCP, POLICY_NAME, 0, 443, 443, "example.org"},
        {"udp:*.NTP.org:123", POLICY_UDP, POLICY_SUFFIX, 0, 123, 123, "ntp.org"},
        {"tcp:_x-1.a:1", POLICY_TCP, POLICY_NAME, 0, 1, 1, "_x-1.a"},
        {"tcp:localhost:1", POLICY_TCP, POLICY_NAME, 0, 1, 1, "localhost"},
    };

    for (size_t i = 0; i < N(good); i++) {
        char why[POLICY_WHY_SIZE] = "";
        struct policy_rule rule;

        if (policy_parse_rule(POLICY_CONNECT, good[i].text, &rule, why) != 0) {
            fail_msg("%s: %s", good[i].text, why);
        }
        assert_string_equal(rule.text, good[i].text);
        assert_int_equal(rule.protocol, good[i].protocol);
        assert_int_equal(rule.host, good[i].host);
        assert_int_equal(rule.prefix, good[i].prefix);
        assert_int_equal(rule.port_min, good[i].port_min);
        assert_int_equal(rule.port_max, good[i].port_max);
        if (good[i].name) {
            assert_string_equal(rule.name, good[i].name);
        } else {
            assert_null(rule.name);
        }
        policy_rule_done(&rule);
    }
}

static void assert_refused(enum policy_key direction, const char *text, const char *reason) {
    char why[POLICY_WHY_SIZE] = "";
    struct policy_rule rule;

    if (policy_parse_rule(direction, text, &rule, why) != -EINVAL) {
        fail_msg("\"%s\" was accepted", text);
    }
    if (!strstr(why, reason) || !strstr(why, text)) {
        fail_msg("\"%s\" was refused with: %s", text, why);
    }
}

// What is refused, and a part of the reason.
static const char *const bad[][2] = {
    {"", "tcp: or udp:"},
    {"80", "tcp: or udp:"},
    {"TCP:80", "tcp: or udp:"},
    {"sctp:80", "tcp: or udp:"},
    {" tcp:80", "tcp: or udp:"},
    {"tcp:", "no port"},
    {"tcp::80", "no host"},
    {"tcp:80 ", "no port"},
    {"tcp:+80", "no port"},
    {"tcp:0x50", "no port"},
    {"tcp:http", "no port"},
    {"tcp:65536", "no port"},
    {"tcp:-1", "no port"},
    {"tcp:1-", "no range"},
    {"tcp:1-65536", "no range"},
    {"tcp:10-9", "no range"},
    {"tcp:1-2-3", "no range"},
    {"tcp:*-5", "no port"},
    {"tcp:1-*", "no range"},
    {"tcp:1.2.3:80", "no IPv4 address"},
    {"tcp:1.2.3.256:80", "no IPv4 address"},
    {"tcp:1.2.3.4.5:80", "no IPv4 address"},
    {"tcp:010.0.0.1:80", "no IPv4 address"},
    {"tcp:10.0.0.0/33:80", "no prefix"},
    {"tcp:10.0.0.0/:80", "no prefix"},
    {"tcp:10.0.0.0/-1:80", "no prefix"},
    {"tcp:10.0.0.1/8:80", "beyond the prefix"},
    {"tcp:[fe80::1/10]:80", "beyond the prefix"},
    {"tcp:[::ffff:1.2.3.4/90]:80", "beyond the prefix"},
    {"tcp:[::ffff:0.0.0.0/90]:80", "beyond the prefix"},
    {"tcp:0.0.0.0:80", "write *"},
    {"tcp:[::]:80", "write *"},
    {"tcp:[::ffff:0.0.0.0]:80", "write *"},
    {"tcp:::1:80", "stands in []"},
    {"tcp:fe80::1:80", "stands in []"},
    {"tcp:[::1]", "does not end"},
    {"tcp:[1]", "no port follows"},
    {"tcp:[::1]80", "does not end"},
    {"tcp:[::1:80", "does not end"},
    {"tcp:[::1]x:80", "does not end"},
    {"tcp:[]:80", "no host"},
    {"tcp:[*]:80", "no IPv6 address"},
    {"tcp:[10.0.0.1]:80", "no IPv6 address"},
    {"tcp:[example.org]:80", "no IPv6 address"},
    {"tcp:[::1/129]:80", "no prefix"},
    {"tcp:example.org/24:80", "no IPv4 address"},
    {"tcp:*/8:80", "no IPv4 address"},
    {"tcp:exa mple.org:80", "nor a host name"},
    {"tcp:ex\xc3\xa4mple.org:80", "nor a host name"},
    {"tcp:-a.org:80", "nor a host name"},
    {"tcp:a-.org:80", "nor a host name"},
    {"tcp:a..org:80", "nor a host name"},
    {"tcp:.org:80", "nor a host name"},
    {"tcp:a.*.org:80", "nor a host name"},
    {"tcp:*a.org:80", "nor a host name"},
    {"tcp:*.:80", "nor a host name"},
    {"tcp:*.*.org:80", "nor a host name"},
    {"tcp:a.1:80", "nor a host name"},
    {"tcp:*.10.0.0.1:80", "nor a host name"},
};

static void test_parse_bad_grants_refused(void **state) {
    for (size_t i = 0; i < N(bad); i++) {
        assert_refused(POLICY_CONNECT, bad[i][0], bad[i][1]);
    }
    assert_refused(POLICY_LISTEN, "tcp:example.org:80", "not on a name");
    assert_refused(POLICY_LISTEN, "tcp:*.localhost:80", "not on a name");
}

static void test_parse_long_texts_refused(void **state) {
    char text[1024], name[POLICY_NAME_SIZE], why[POLICY_WHY_SIZE];
    struct policy_rule rule;

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    memcpy(text, "tcp:", 4);
    assert_int_equal(policy_parse_rule(POLICY_CONNECT, text, &rule, why), -EINVAL);
    assert_non_null(strstr(why, "too long"));

    memset(text, 'a', 64);
    text[64] = '\0';
    assert_int_equal(policy_canonical_name(text, name), -EINVAL); /* a label of 64 */
    assert_int_equal(policy_canonical_name(text + 1, name), 0);

    for (size_t i = 0; i < 254; i++) {
        text[i] = i % 2 ? '.' : 'a';
    }
    text[254] = '\0';
    text[253] = 'a'; /* 254 characters */
    assert_int_equal(policy_canonical_name(text, name), -EINVAL);
    text[253] = '.'; /* 253 and a dot that does not count */
    assert_int_equal(policy_canonical_name(text, name), 0);
    assert_int_equal(strlen(name), 253);
}

static void test_canonical_name_forms(void **state) {
    char name[POLICY_NAME_SIZE];

    assert_int_equal(policy_canonical_name("WWW.Example.Org", name), 0);
    assert_string_equal(name, "www.example.org");
    assert_int_equal(policy_canonical_name("host.", name), 0);
    assert_string_equal(name, "host");
    assert_int_equal(policy_canonical_name("host..", name), -EINVAL);
    assert_int_equal(policy_canonical_name(".", name), -EINVAL);
    assert_int_equal(policy_canonical_name("", name), -EINVAL);
    assert_int_equal(policy_canonical_name("a\nb", name), -EINVAL);
    assert_true(policy_name_is_localhost("localhost"));
    assert_true(policy_name_is_localhost("a.localhost"));
    assert_false(policy_name_is_localhost("alocalhost"));
    assert_false(policy_name_is_localhost("localhost.org"));
    assert_false(policy_name_is_localhost(""));
}

static bool within(const char *inner_text, const char *outer_text) {
    char why[POLICY_WHY_SIZE];
    struct policy_rule inner, outer;
    bool result;

    assert_int_equal(policy_parse_rule(POLICY_CONNECT, inner_text, &inner, why), 0);
    assert_int_equal(policy_parse_rule(POLICY_CONNECT, outer_text, &outer, why), 0);
    result = policy_rule_within(&inner, &outer);
    policy_rule_done(&inner);
    policy_rule_done(&outer);
    return result;
}

static void test_within_narrower_accepted(void **state) {
    static const char *const pairs[][2] = {
        {"tcp:80", "tcp:80"},
        {"tcp:80", "tcp:*"},
        {"tcp:81-82", "tcp:80-83"},
        {"tcp:10.0.0.1:80", "tcp:80"},
        {"tcp:10.0.0.1:80", "tcp:10.0.0.0/8:*"},
        {"tcp:10.1.0.0/16:80", "tcp:10.0.0.0/8:80"},
        {"tcp:10.0.0.0/8:80", "tcp:10.0.0.0/8:80"},
        {"tcp:[::ffff:10.0.0.1]:80", "tcp:10.0.0.0/8:80"},
        {"tcp:[fe80::1]:80", "tcp:[fe80::]/10:80"},
        {"tcp:EXAMPLE.org.:443", "tcp:example.org:443"},
        {"tcp:www.example.org:443", "tcp:*.example.org:443"},
        {"tcp:*.www.example.org:443", "tcp:*.example.org:443"},
        {"tcp:*.example.org:443", "tcp:*.example.org:443"},
        {"tcp:example.org:443", "tcp:*:443"},
        {"tcp:127.0.0.1:80", "tcp:localhost:80"},
        {"tcp:127.8.0.0/16:80", "tcp:localhost:80"},
        {"tcp:[::1]:80", "tcp:localhost:80"},
    };

    for (size_t i = 0; i < N(pairs); i++) {
        if (!within(pairs[i][0], pairs[i][1])) {
            fail_msg("%s is not within %s", pairs[i][0], pairs[i][1]);
        }
    }
}

static void test_within_wider_refused(void **state) {
    static const char *const pairs[][2] = {
        {"udp:80", "tcp:80"},
        {"tcp:*", "tcp:1-65535"},
        {"tcp:79-80", "tcp:80-81"},
        {"tcp:80-82", "tcp:80-81"},
        {"tcp:80", "tcp:10.0.0.1:80"},
        {"tcp:*:80", "tcp:0.0.0.0/0:80"},
        {"tcp:10.0.0.0/7:80", "tcp:10.0.0.0/8:80"},
        {"tcp:11.0.0.1:80", "tcp:10.0.0.0/8:80"},
        {"tcp:10.0.0.1:80", "tcp:[::/0]:80"},
        {"tcp:[::ffff:10.0.0.1]:80", "tcp:[::/0]:80"},
        {"tcp:[::1]:80", "tcp:0.0.0.0/0:80"},
        {"tcp:example.org:443", "tcp:*.example.org:443"},
        {"tcp:badexample.org:443", "tcp:*.example.org:443"},
        {"tcp:*.example.org:443", "tcp:example.org:443"},
        {"tcp:*.org:443", "tcp:*.example.org:443"},
        {"tcp:*.badexample.org:443", "tcp:*.example.org:443"},
        {"tcp:*:443", "tcp:*.org:443"},
        {"tcp:10.0.0.1:443", "tcp:example.org:443"},
        {"tcp:example.org:443", "tcp:0.0.0.0/0:443"},
        {"tcp:localhost:80", "tcp:127.0.0.0/8:80"},
        {"tcp:126.0.0.0/7:80", "tcp:localhost:80"},
    };

    for (size_t i = 0; i < N(pairs); i++) {
        if (within(pairs[i][0], pairs[i][1])) {
            fail_msg("%s is within %s", pairs[i][0], pairs[i][1]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_good_grants_read),
        cmocka_unit_test(test_parse_bad_grants_refused),
        cmocka_unit_test(test_parse_long_texts_refused),
        cmocka_unit_test(test_canonical_name_forms),
        cmocka_unit_test(test_within_narrower_accepted),
        cmocka_unit_test(test_within_wider_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/network/address.h"
#include "daemon/network/policy-names.h"
#include "daemon/network/policy.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

static void policy_freep(struct policy **policy) {
    *policy = policy_free(*policy);
}

static void names_freep(struct policy_names **names) {
    *names = policy_names_free(*names);
}

// "host" or "host PORT".
static struct wire_address address_of(const char *text) {
    struct wire_address address;
    char host[64] = "";
    unsigned port = 0;

    assert_true(sscanf(text, "%63s %u", host, &port) >= 1);
    assert_int_equal(address_parse(host, &address), 0);
    address.port = (uint16_t)port;
    return address;
}

static struct policy *policy_of(enum policy_key direction, const char *const *rules) {
    char why[POLICY_WHY_SIZE];
    struct policy *policy = NULL;

    assert_int_equal(policy_new(&policy), 0);
    for (; *rules; rules++) {
        assert_int_equal(policy_grant(policy, direction, *rules, why), 0);
    }
    return policy;
}

#define RULES(...) ((const char *const[]){__VA_ARGS__, NULL})

static bool listens(const char *rule, enum policy_protocol protocol, const char *address_text) {
    CLEANUP(policy_freep) struct policy *policy = policy_of(POLICY_LISTEN, RULES(rule));
    struct wire_address address = address_of(address_text);
    char why[POLICY_WHY_SIZE] = "";
    bool allowed = policy_allows_listen(policy, protocol, &address, why);

    if (allowed) {
        assert_string_equal(why, rule);
    } else {
        assert_non_null(strstr(why, rule));
    }
    return allowed;
}

static bool connects(const char *rule, enum policy_protocol protocol, const char *address_text) {
    CLEANUP(policy_freep) struct policy *policy = policy_of(POLICY_CONNECT, RULES(rule));
    struct wire_address address = address_of(address_text);
    char why[POLICY_WHY_SIZE] = "";

    return policy_allows_connect(policy, NULL, protocol, &address, why);
}

// -- decisions -----------------------------------------------------------------------------------

static void test_empty_policy_refuses_everything(void **state) {
    CLEANUP(policy_freep) struct policy *policy = policy_of(POLICY_LISTEN, RULES(NULL));
    struct wire_address address = address_of("127.0.0.1 80");
    char why[POLICY_WHY_SIZE];

    assert_false(policy_allows_listen(policy, POLICY_TCP, &address, why));
    assert_string_equal(
        why, "listen on tcp 127.0.0.1:80: no grant matches; the manifest grants nothing");
    assert_false(policy_allows_connect(policy, NULL, POLICY_UDP, &address, why));
    assert_false(policy_allows_resolve(policy, "example.org", why));
    assert_string_equal(why, "resolve example.org: no grant matches; the manifest grants nothing");
}

static void test_listen_table(void **state) {
    static const struct {
        const char *rule, *address;
        bool allowed;
    } rows[] = {
        {"tcp:80", "0.0.0.0 80", true},
        {"tcp:80", ":: 80", true},
        {"tcp:80", "10.0.0.1 80", true},
        {"tcp:80", "10.0.0.1 81", false},
        {"tcp:80-90", "10.0.0.1 90", true},
        {"tcp:80-90", "10.0.0.1 91", false},
        {"tcp:127.0.0.1:80", "127.0.0.1 80", true},
        {"tcp:127.0.0.1:80", "127.0.0.2 80", false},
        {"tcp:127.0.0.1:80", "0.0.0.0 80", false},
        {"tcp:0.0.0.0/0:80", "10.0.0.1 80", true},
        {"tcp:0.0.0.0/0:80", "0.0.0.0 80", false},
        {"tcp:[::/0]:80", ":: 80", false},
        {"tcp:[::/0]:80", "::1 80", true},
        {"tcp:[::/0]:80", "127.0.0.1 80", false},
        {"tcp:[::/0]:80", "::ffff:127.0.0.1 80", false},
        {"tcp:127.0.0.0/8:80", "::ffff:127.0.0.1 80", true},
        {"tcp:10.0.0.0/8:80", "::ffff:127.0.0.1 80", false},
        {"tcp:0.0.0.0/0:80", "::ffff:0.0.0.0 80", false},
        {"tcp:localhost:80", "127.0.0.1 80", true},
        {"tcp:localhost:80", "::1 80", true},
        {"tcp:localhost:80", "::ffff:127.0.0.1 80", true},
        {"tcp:localhost:80", ":: 80", false},
        {"tcp:127.0.0.1:1-65535", "127.0.0.1 0", false},
        {"tcp:127.0.0.1:0", "127.0.0.1 0", true},
        {"tcp:127.0.0.1:0", "127.0.0.1 1", false},
        {"tcp:127.0.0.1:*", "127.0.0.1 0", true},
    };

    for (size_t i = 0; i < N(rows); i++) {
        if (listens(rows[i].rule, POLICY_TCP, rows[i].address) != rows[i].allowed) {
            fail_msg("%s: %s", rows[i].rule, rows[i].address);
        }
        assert_false(listens(rows[i].rule, POLICY_UDP, rows[i].address));
    }
}

static void test_connect_table(void **state) {
    static const struct {
        const char *rule, *address;
        bool allowed;
    } rows[] = {
        {"udp:*:*", "0.0.0.0 80", true},
        {"udp:10.0.0.0/8:53", "10.255.255.255 53", true},
        {"udp:10.0.0.0/8:53", "11.0.0.0 53", false},
        {"udp:10.0.0.0/8:53", "9.255.255.255 53", false},
        {"udp:10.0.0.0/8:53", "::ffff:10.1.1.1 53", true},
        {"udp:10.0.0.0/8:53", "0.0.0.0 53", false},
        {"udp:127.0.0.1:53", "0.0.0.0 53", false},
        {"udp:[::1]:53", ":: 53", false},
        {"udp:[2001:db8::/33]:53", "2001:db8:7fff::1 53", true},
        {"udp:[2001:db8::/33]:53", "2001:db8:8000::1 53", false},
        {"udp:example.org:53", "10.0.0.1 53", false},
        {"udp:*.org:53", "10.0.0.1 53", false},
        {"udp:localhost:53", "127.9.9.9 53", true},
        {"udp:*.localhost:53", "127.0.0.1 53", false},
    };

    for (size_t i = 0; i < N(rows); i++) {
        if (connects(rows[i].rule, POLICY_UDP, rows[i].address) != rows[i].allowed) {
            fail_msg("%s: %s", rows[i].rule, rows[i].address);
        }
        assert_false(connects(rows[i].rule, POLICY_TCP, rows[i].address));
    }
}

static void test_refusal_names_call_and_rules(void **state) {
    CLEANUP(policy_freep)
    struct policy *policy =
        policy_of(POLICY_CONNECT, RULES("tcp:example.org:443", "udp:*.ntp.org:123"));
    struct wire_address address = address_of("10.0.0.1 80"), inet6 = address_of("fe80::1 80");
    char why[POLICY_WHY_SIZE];

    assert_false(policy_allows_connect(policy, NULL, POLICY_TCP, &address, why));
    assert_string_equal(why, "connect to tcp 10.0.0.1:80: no grant matches; the manifest grants "
                             "tcp:example.org:443, udp:*.ntp.org:123");
    inet6.scope = 7;
    assert_false(policy_allows_connect(policy, NULL, POLICY_UDP, &inet6, why));
    assert_non_null(strstr(why, "udp [fe80::1%7]:80"));
}

static void test_refusal_with_many_rules_fits(void **state) {
    CLEANUP(policy_freep) struct policy *policy = policy_of(POLICY_CONNECT, RULES(NULL));
    struct wire_address address = address_of("10.0.0.1 80");
    char why[POLICY_WHY_SIZE], rule[64];

    for (unsigned i = 0; i < POLICY_RULES_MAX; i++) {
        (void)snprintf(rule, sizeof(rule), "tcp:host-%u.example.org:%u", i, 1000 + i);
        assert_int_equal(policy_grant(policy, POLICY_CONNECT, rule, why), 0);
    }
    assert_int_equal(policy_grant(policy, POLICY_CONNECT, "tcp:1", why), -EINVAL);
    assert_non_null(strstr(why, "more than 256"));
    memset(why, 'x', sizeof(why));
    assert_false(policy_allows_connect(policy, NULL, POLICY_TCP, &address, why));
    assert_non_null(memchr(why, '\0', sizeof(why)));
    assert_string_equal(why + strlen(why) - 5, ", ...");
}

// -- names ---------------------------------------------------------------------------------------

static void test_resolve_only_granted_names(void **state) {
    CLEANUP(policy_freep)
    struct policy *policy = policy_of(
        POLICY_CONNECT, RULES("tcp:example.org:443", "udp:*.ntp.org:123", "tcp:10.0.0.1:1"));
    CLEANUP(policy_freep) struct policy *any = policy_of(POLICY_CONNECT, RULES("tcp:443"));
    static const struct {
        const char *name;
        bool allowed;
    } rows[] = {{"example.org", true},   {"EXAMPLE.ORG.", true},      {"www.example.org", false},
                {"a.ntp.org", true},     {"a.b.NTP.org", true},       {"ntp.org", false},
                {"antp.org", false},     {"example.org.evil", false}, {"", false},
                {"a\nb.ntp.org", false}, {"10.0.0.1", false}};
    char why[POLICY_WHY_SIZE];

    for (size_t i = 0; i < N(rows); i++) {
        if (policy_allows_resolve(policy, rows[i].name, why) != rows[i].allowed) {
            fail_msg("%s: %s", rows[i].name, why);
        }
    }
    assert_true(policy_allows_resolve(any, "anything.example", why));
}

static void test_connect_to_resolved_on_its_grants_only(void **state) {
    CLEANUP(policy_freep)
    struct policy *policy = policy_of(
        POLICY_CONNECT, RULES("tcp:example.org:443", "udp:*.example.org:53", "tcp:other.org:80"));
    CLEANUP(names_freep) struct policy_names *names = NULL;
    struct wire_address known = address_of("192.0.2.1"), address;
    char why[POLICY_WHY_SIZE];

    assert_int_equal(policy_names_new(&names), 0);
    policy_names_add(names, "example.org", &known);

    address = address_of("192.0.2.1 443");
    assert_true(policy_allows_connect(policy, names, POLICY_TCP, &address, why));
    assert_string_equal(why, "tcp:example.org:443");
    assert_false(policy_allows_connect(policy, names, POLICY_UDP, &address, why));
    assert_false(policy_allows_connect(policy, NULL, POLICY_TCP, &address, why));
    address = address_of("::ffff:192.0.2.1 443");
    assert_true(policy_allows_connect(policy, names, POLICY_TCP, &address, why));
    address = address_of("192.0.2.1 80");
    assert_false(policy_allows_connect(policy, names, POLICY_TCP, &address, why));
    address = address_of("192.0.2.2 443");
    assert_false(policy_allows_connect(policy, names, POLICY_TCP, &address, why));

    address = address_of("192.0.2.1 53");
    assert_false(policy_allows_connect(policy, names, POLICY_UDP, &address, why));
    policy_names_add(names, "a.example.org", &known);
    assert_true(policy_allows_connect(policy, names, POLICY_UDP, &address, why));
    assert_string_equal(why, "udp:*.example.org:53");
}

static void test_names_oldest_forgotten(void **state) {
    CLEANUP(names_freep) struct policy_names *names = NULL;
    struct wire_address address = {.family = WIRE_INET};
    struct wire_address first = {.family = WIRE_INET}, second = {.family = WIRE_INET, .host = {1}};
    size_t position = 0;

    assert_int_equal(policy_names_new(&names), 0);
    for (unsigned i = 0; i < POLICY_NAMES_MAX; i++) {
        address.host[0] = (uint8_t)i;
        address.host[1] = (uint8_t)(i >> 8);
        policy_names_add(names, "a.example", &address);
    }
    assert_string_equal(policy_names_next(names, &first, &position), "a.example");
    policy_names_add(names, "a.example", &first); /* the newest again */
    address.host[2] = 1;
    policy_names_add(names, "b.example", &address);
    position = 0;
    assert_non_null(policy_names_next(names, &first, &position));
    assert_null(policy_names_next(names, &first, &position)); /* and there only once */
    position = 0;
    assert_null(policy_names_next(names, &second, &position));
    position = 0;
    assert_string_equal(policy_names_next(names, &address, &position), "b.example");
}

// -- narrowing -----------------------------------------------------------------------------------

static void test_narrow_replaces_and_says_so(void **state) {
    CLEANUP(policy_freep)
    struct policy *policy = policy_of(POLICY_LISTEN, RULES("tcp:8000-8999", "udp:53"));
    struct wire_address inside = address_of("127.0.0.1 8080"),
                        outside = address_of("127.0.0.1 8081");
    char why[POLICY_WHY_SIZE];

    assert_int_equal(policy_narrow(policy, POLICY_LISTEN, RULES("tcp:127.0.0.1:8080"), 1, why), 0);
    assert_true(policy_allows_listen(policy, POLICY_TCP, &inside, why));
    assert_false(policy_allows_listen(policy, POLICY_TCP, &outside, why));
    assert_string_equal(why, "listen on tcp 127.0.0.1:8081: no grant matches; the local "
                             "configuration leaves tcp:127.0.0.1:8080");
    assert_int_equal(policy_narrow(policy, POLICY_LISTEN, NULL, 0, why), 0);
    assert_false(policy_allows_listen(policy, POLICY_TCP, &inside, why));
}

static void test_narrow_widening_refused_and_nothing_changed(void **state) {
    CLEANUP(policy_freep)
    struct policy *policy = policy_of(POLICY_CONNECT, RULES("tcp:80-81", "tcp:82-83"));
    struct wire_address address = address_of("10.0.0.1 83");
    char why[POLICY_WHY_SIZE];

    assert_int_equal(policy_narrow(policy, POLICY_CONNECT, RULES("tcp:80", "tcp:84"), 2, why),
                     -EPERM);
    assert_string_equal(why,
                        "connect = tcp:84 would widen what the app may do; the manifest grants "
                        "tcp:80-81, tcp:82-83");
    assert_int_equal(policy_narrow(policy, POLICY_CONNECT, RULES("tcp:81-82"), 1, why), -EPERM);
    assert_int_equal(policy_narrow(policy, POLICY_CONNECT, RULES("tcp:80", "tcp:"), 2, why),
                     -EINVAL);
    assert_int_equal(policy_narrow(policy, POLICY_LISTEN, RULES("tcp:80"), 1, why), -EPERM);
    assert_true(policy_allows_connect(policy, NULL, POLICY_TCP, &address, why));
}

// -- ports ---------------------------------------------------------------------------------------

static void test_tcp_ports_listed_once(void **state) {
    static uint16_t ports[POLICY_PORTS];
    CLEANUP(policy_freep)
    struct policy *policy = policy_of(
        POLICY_LISTEN, RULES("tcp:82", "tcp:80-81", "tcp:127.0.0.1:81", "udp:9", "tcp:0"));

    assert_int_equal(policy_tcp_ports(policy, POLICY_LISTEN, ports), 4);
    assert_int_equal(ports[0], 0);
    assert_int_equal(ports[1], 80);
    assert_int_equal(ports[2], 81);
    assert_int_equal(ports[3], 82);
    assert_int_equal(policy_tcp_ports(policy, POLICY_CONNECT, ports), 0);
}

static void test_tcp_ports_by_name_include_dns(void **state) {
    static uint16_t ports[POLICY_PORTS];
    CLEANUP(policy_freep)
    struct policy *by_name = policy_of(POLICY_CONNECT, RULES("udp:a.example:123"));
    CLEANUP(policy_freep)
    struct policy *by_address = policy_of(POLICY_CONNECT, RULES("tcp:10.0.0.1:443"));
    CLEANUP(policy_freep) struct policy *any = policy_of(POLICY_CONNECT, RULES("tcp:*"));

    assert_int_equal(policy_tcp_ports(by_name, POLICY_CONNECT, ports), 1);
    assert_int_equal(ports[0], 53);
    assert_int_equal(policy_tcp_ports(by_address, POLICY_CONNECT, ports), 1);
    assert_int_equal(ports[0], 443);
    assert_int_equal(policy_tcp_ports(any, POLICY_CONNECT, ports), POLICY_PORTS);
}

static bool resolves(enum policy_key direction, const char *rule) {
    CLEANUP(policy_freep) struct policy *policy = policy_of(direction, RULES(rule));

    return policy_resolves(policy);
}

static void test_resolves_when_a_grant_may_mean_a_name(void **state) {
    assert_true(resolves(POLICY_CONNECT, "tcp:example.org:80"));
    assert_true(resolves(POLICY_CONNECT, "udp:*.example.org:80"));
    assert_true(resolves(POLICY_CONNECT, "tcp:*:443"));
    assert_false(resolves(POLICY_CONNECT, "tcp:10.0.0.0/8:*"));
    assert_false(resolves(POLICY_CONNECT, "tcp:[::1]:1"));
    assert_false(resolves(POLICY_LISTEN, "tcp:80"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_policy_refuses_everything),
        cmocka_unit_test(test_listen_table),
        cmocka_unit_test(test_connect_table),
        cmocka_unit_test(test_refusal_names_call_and_rules),
        cmocka_unit_test(test_refusal_with_many_rules_fits),
        cmocka_unit_test(test_resolve_only_granted_names),
        cmocka_unit_test(test_connect_to_resolved_on_its_grants_only),
        cmocka_unit_test(test_names_oldest_forgotten),
        cmocka_unit_test(test_narrow_replaces_and_says_so),
        cmocka_unit_test(test_narrow_widening_refused_and_nothing_changed),
        cmocka_unit_test(test_resolves_when_a_grant_may_mean_a_name),
        cmocka_unit_test(test_tcp_ports_listed_once),
        cmocka_unit_test(test_tcp_ports_by_name_include_dns),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

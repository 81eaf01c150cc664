// SPDX-License-Identifier: MIT
// Names and grants that are not of the form they must have.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/network/address.h"
#include "daemon/network/policy-names.h"
#include "daemon/network/policy-rule.h"
#include "daemon/network/policy.h"

static void test_name_too_long_to_be_one_is_not_kept(void **state) {
    struct policy_names *names = NULL;
    struct wire_address address = {0};
    char name[POLICY_NAME_SIZE + 1];
    size_t position = 0;

    (void)state;
    memset(name, 'a', sizeof(name));
    assert_int_equal(address_parse("192.0.2.1", &address), 0);
    assert_int_equal(policy_names_new(&names), 0);
    name[POLICY_NAME_SIZE] = '\0';
    policy_names_add(names, name, &address);
    assert_null(policy_names_next(names, &address, &position));
    name[POLICY_NAME_SIZE - 1] = '\0';
    policy_names_add(names, name, &address);
    position = 0;
    assert_string_equal(policy_names_next(names, &address, &position), name);
    names = policy_names_free(names);
}

static void test_what_is_no_grant_is_not_covered(void **state) {
    struct policy *policy = NULL;
    char why[POLICY_WHY_SIZE];

    (void)state;
    assert_int_equal(policy_new(&policy), 0);
    assert_int_equal(policy_grant(policy, POLICY_CONNECT, "tcp:*:*", why), 0);
    assert_true(policy_covers(policy, POLICY_CONNECT, "tcp:192.0.2.1:80"));
    assert_false(policy_covers(policy, POLICY_CONNECT, "tcp:192.0.2.1:"));
    assert_false(policy_covers(policy, POLICY_CONNECT, ""));
    policy = policy_free(policy);
}

// Their prefix counts from the 96 bits that say what they are, and cannot be shorter.
static void test_mapped_network_is_an_ipv4_network(void **state) {
    struct policy_rule rule = {0};
    char why[POLICY_WHY_SIZE];

    (void)state;
    assert_int_equal(policy_parse_rule(POLICY_CONNECT, "tcp:[::ffff:10.0.0.0/104]:80", &rule, why),
                     0);
    assert_int_equal(rule.prefix, 8);
    assert_int_equal(rule.address.family, WIRE_INET);
    policy_rule_done(&rule);
    assert_true(policy_parse_rule(POLICY_CONNECT, "tcp:[::ffff:0.0.0.0/95]:80", &rule, why) < 0);
    assert_non_null(strstr(why, "bits set beyond the prefix /95"));
    assert_true(policy_parse_rule(POLICY_CONNECT, "tcp:[::ffff:0.0.0.0/0]:80", &rule, why) < 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_too_long_to_be_one_is_not_kept),
        cmocka_unit_test(test_what_is_no_grant_is_not_covered),
        cmocka_unit_test(test_mapped_network_is_an_ipv4_network),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#pragma once

// One grant: how it is read, what it covers, and whether it lies within another.

#include <stdbool.h>
#include <stdint.h>

#include "call/wire.h"
#include "daemon/network/policy.h"

#define POLICY_NAME_SIZE 254 /* bytes of a host name, NUL included */

enum policy_host {
    POLICY_ANY = 0,
    POLICY_NETWORK = 1, /* the first PREFIX bits of ADDRESS */
    POLICY_NAME = 2,
    POLICY_SUFFIX = 3, /* names that end in "." and NAME */
};

struct policy_rule {
    char *text;       /* as written; owned */
    char *name;       /* lower case, no trailing dot; owned; NULL unless NAME or SUFFIX */
    uint8_t protocol; /* enum policy_protocol */
    uint8_t host;     /* enum policy_host */
    uint8_t prefix;   /* bits */
    uint16_t port_min, port_max;
    struct wire_address address;
};

// Reads one grant. Returns 0 and *ret_rule, freed by policy_rule_done(); -EINVAL with the reason in
// WHY; or -ENOMEM.
int policy_parse_rule(enum policy_key direction, const char *text, struct policy_rule *ret_rule,
                      char why[POLICY_WHY_SIZE]);
void policy_rule_done(struct policy_rule *rule);

// Lower-cases a host name and takes its trailing dot off. Returns 0, or -EINVAL if it is none.
int policy_canonical_name(const char *text, char ret_name[POLICY_NAME_SIZE]);

// These take canonical names and addresses that are not IPv4-mapped.
bool policy_name_is_localhost(const char *name); /* or below it: RFC 6761 */
bool policy_rule_has_name(const struct policy_rule *rule, const char *name);
bool policy_rule_has_address(const struct policy_rule *rule, const struct wire_address *address);

// Whether all that INNER allows, OUTER allows.
bool policy_rule_within(const struct policy_rule *inner, const struct policy_rule *outer);

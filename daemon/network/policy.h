// SPDX-License-Identifier: MIT
#pragma once

// What an app may do on the network. The manifest requests grants, local configuration may narrow
// them, and whatever no grant covers is refused. Deciding is pure: it looks at the rules, at the
// address and at the names resolved so far (daemon/network/policy-names.h), and at nothing else.
//
// A grant is written   PROTOCOL:[HOST:]PORT[-PORT]
//     PROTOCOL   tcp or udp
//     HOST       an IPv4 address, an IPv6 address in [], either with /PREFIX; * or nothing for
//     every
//                host; to connect also a name, or *.NAME for every name below it. "localhost" is
//                the loopback addresses.
//     PORT       0 to 65535, or * for all. Port 0, bound, is a port the kernel chooses: only a
//                grant that includes 0 allows it.
//
// An IPv4-mapped IPv6 address is the IPv4 address it maps, in grants and in calls.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/policy-keys.h"
#include "call/wire.h"

#define POLICY_WHY_SIZE 512   /* bytes of a reason, NUL included */
#define POLICY_RULES_MAX 256u /* grants of one direction */
#define POLICY_PORTS 65536u

enum policy_protocol {
    POLICY_TCP = 0,
    POLICY_UDP = 1,
};

struct policy;
struct policy_names;

// An empty policy allows nothing. Returns 0 or -ENOMEM.
int policy_new(struct policy **ret_policy);
struct policy *policy_free(struct policy *policy);

// Adds a grant that the manifest requests. Returns 0, -EINVAL with the reason in WHY (a bad rule,
// or more than POLICY_RULES_MAX), or -ENOMEM.
int policy_grant(struct policy *policy, enum policy_key direction, const char *text,
                 char why[POLICY_WHY_SIZE]);

// Replaces the grants of DIRECTION by the N local ones in TEXTS, each of which must lie within one
// that stands. None at all leaves nothing. Returns 0; -EINVAL for a bad rule or -EPERM for one that
// would widen, with the reason in WHY and everything as it was; or -ENOMEM.
int policy_narrow(struct policy *policy, enum policy_key direction, const char *const *texts,
                  size_t n_texts, char why[POLICY_WHY_SIZE]);

// Whether TEXT is a grant that lies within one that stands in DIRECTION.
bool policy_covers(const struct policy *policy, enum policy_key direction, const char *text);

// Whether POLICY grants nothing in DIRECTION that OTHER does not.
bool policy_within(const struct policy *policy, const struct policy *other,
                   enum policy_key direction);

// The decisions. True: WHY is the rule that allows it. False: WHY is the reason, for people:
// "connect to tcp 10.0.0.1:80: no grant matches; the manifest grants tcp:example.org:443".
bool policy_allows_listen(const struct policy *policy, enum policy_protocol protocol,
                          const struct wire_address *address, char why[POLICY_WHY_SIZE]);
bool policy_allows_connect(const struct policy *policy, const struct policy_names *names,
                           enum policy_protocol protocol, const struct wire_address *address,
                           char why[POLICY_WHY_SIZE]);

// Whether a name may be looked up: when a grant to connect could be to one of its addresses.
bool policy_allows_resolve(const struct policy *policy, const char *name,
                           char why[POLICY_WHY_SIZE]);

// Whether there is any name that may be looked up. Narrowing may end that, nothing begins it.
bool policy_resolves(const struct policy *policy);

// The TCP ports that grants of DIRECTION cover, ascending and each once, for
// sandbox_confine_ports(). Connecting by name may need DNS over TCP: port 53 then is among them.
// PORTS has room for POLICY_PORTS. Returns their number; POLICY_PORTS: no port is excluded.
size_t policy_tcp_ports(const struct policy *policy, enum policy_key direction, uint16_t *ports);

// SPDX-License-Identifier: MIT
#include "daemon/network/policy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "daemon/network/address.h"
#include "daemon/network/policy-names.h"
#include "daemon/network/policy-rule.h"

#define DNS_PORT 53

struct rules {
    struct policy_rule *rules;
    size_t n_rules;
    bool narrowed; /* by the local configuration */
};

struct policy {
    struct rules directions[POLICY_KEYS];
};

static void rules_done(struct rules *rules) {
    for (size_t i = 0; i < rules->n_rules; i++) {
        policy_rule_done(&rules->rules[i]);
    }
    free(rules->rules);
    *rules = (struct rules){0};
}

int policy_new(struct policy **ret_policy) {
    struct policy *policy = calloc(1, sizeof(*policy));

    if (!policy) {
        return -ENOMEM;
    }
    *ret_policy = policy;
    return 0;
}

struct policy *policy_free(struct policy *policy) {
    for (size_t i = 0; policy && i < POLICY_KEYS; i++) {
        rules_done(&policy->directions[i]);
    }
    free(policy);
    return NULL;
}

static int rules_add(struct rules *rules, enum policy_key direction, const char *text,
                     char why[POLICY_WHY_SIZE]) {
    struct policy_rule *grown;
    int r;

    if (rules->n_rules == POLICY_RULES_MAX) {
        (void)snprintf(why, POLICY_WHY_SIZE, "more than %u grants", POLICY_RULES_MAX);
        return -EINVAL;
    }
    grown = reallocarray(rules->rules, rules->n_rules + 1, sizeof(*grown));
    if (!grown) {
        return -ENOMEM;
    }
    rules->rules = grown;
    r = policy_parse_rule(direction, text, &rules->rules[rules->n_rules], why);
    if (r < 0) {
        return r;
    }
    rules->n_rules++;
    return 0;
}

int policy_grant(struct policy *policy, enum policy_key direction, const char *text,
                 char why[POLICY_WHY_SIZE]) {
    return rules_add(&policy->directions[direction], direction, text, why);
}

// -- narrowing -----------------------------------------------------------------------------------

static const char *direction_name(enum policy_key direction) {
    return direction == POLICY_LISTEN ? POLICY_NAME_LISTEN : POLICY_NAME_CONNECT;
}

// Ends WHY with the rules that stand, as many as there is room for.
static void tell_rules(const struct rules *rules, size_t used, char why[POLICY_WHY_SIZE]) {
    const char *who = rules->narrowed ? "the local configuration leaves" : "the manifest grants";

    used += (size_t)snprintf(why + used, POLICY_WHY_SIZE - used, "; %s %s", who,
                             rules->n_rules == 0 ? "nothing" : "");
    for (size_t i = 0; i < rules->n_rules; i++) {
        const char *text = rules->rules[i].text, *comma = i == 0 ? "" : ", ";

        if (used + strlen(comma) + strlen(text) + sizeof(", ...") > POLICY_WHY_SIZE) {
            (void)snprintf(why + used, POLICY_WHY_SIZE - used, "%s...", comma);
            return;
        }
        used += (size_t)snprintf(why + used, POLICY_WHY_SIZE - used, "%s%s", comma, text);
    }
}

static bool rules_cover(const struct rules *rules, const struct policy_rule *rule) {
    for (size_t i = 0; i < rules->n_rules; i++) {
        if (policy_rule_within(rule, &rules->rules[i])) {
            return true;
        }
    }
    return false;
}

bool policy_covers(const struct policy *policy, enum policy_key direction, const char *text) {
    CLEANUP(policy_rule_done) struct policy_rule rule = {0};
    char why[POLICY_WHY_SIZE];

    return policy_parse_rule(direction, text, &rule, why) == 0 &&
           rules_cover(&policy->directions[direction], &rule);
}

bool policy_within(const struct policy *policy, const struct policy *other,
                   enum policy_key direction) {
    const struct rules *rules = &policy->directions[direction];

    for (size_t i = 0; i < rules->n_rules; i++) {
        if (!rules_cover(&other->directions[direction], &rules->rules[i])) {
            return false;
        }
    }
    return true;
}

int policy_narrow(struct policy *policy, enum policy_key direction, const char *const *texts,
                  size_t n_texts, char why[POLICY_WHY_SIZE]) {
    CLEANUP(rules_done) struct rules local = {.narrowed = true};
    struct rules *rules = &policy->directions[direction];

    for (size_t i = 0; i < n_texts; i++) {
        int r = rules_add(&local, direction, texts[i], why);

        if (r < 0) {
            return r;
        }
        if (!rules_cover(rules, &local.rules[i])) {
            int used = snprintf(why, POLICY_WHY_SIZE, "%s = %.150s would widen what the app may do",
                                direction_name(direction), texts[i]);

            tell_rules(rules, (size_t)used, why);
            return -EPERM;
        }
    }
    rules_done(rules);
    *rules = local;
    local = (struct rules){0};
    return 0;
}

// -- deciding ------------------------------------------------------------------------------------

static bool allowed_by(const struct policy_rule *rule, char why[POLICY_WHY_SIZE]) {
    (void)snprintf(why, POLICY_WHY_SIZE, "%s", rule->text);
    return true;
}

static bool refused(const struct rules *rules, char why[POLICY_WHY_SIZE], const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refused(const struct rules *rules, char why[POLICY_WHY_SIZE], const char *format, ...) {
    static const char none[] = ": no grant matches";
    va_list arguments;
    size_t used;

    why[0] = '\0';
    va_start(arguments, format);
    (void)vsnprintf(why, POLICY_WHY_SIZE - sizeof(none), format, arguments);
    va_end(arguments);
    used = strlen(why);
    memcpy(why + used, none, sizeof(none));
    tell_rules(rules, used + sizeof(none) - 1, why);
    return false;
}

static const char *protocol_name(enum policy_protocol protocol) {
    return protocol == POLICY_TCP ? "tcp" : "udp";
}

static bool has_transport(const struct policy_rule *rule, enum policy_protocol protocol,
                          uint16_t port) {
    return rule->protocol == protocol && port >= rule->port_min && port <= rule->port_max;
}

bool policy_allows_listen(const struct policy *policy, enum policy_protocol protocol,
                          const struct wire_address *address, char why[POLICY_WHY_SIZE]) {
    const struct rules *rules = &policy->directions[POLICY_LISTEN];
    struct wire_address host = address_unmapped(address);
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < rules->n_rules; i++) {
        const struct policy_rule *rule = &rules->rules[i];

        if (has_transport(rule, protocol, host.port) && policy_rule_has_address(rule, &host)) {
            return allowed_by(rule, why);
        }
    }
    address_format(&host, text);
    return refused(rules, why, "listen on %s %s", protocol_name(protocol), text);
}

static bool has_known_name(const struct policy_rule *rule, const struct policy_names *names,
                           const struct wire_address *address) {
    const char *name;
    size_t position = 0;

    if (rule->host != POLICY_NAME && rule->host != POLICY_SUFFIX) {
        return false;
    }
    while ((name = policy_names_next(names, address, &position))) {
        if (policy_rule_has_name(rule, name)) {
            return true;
        }
    }
    return false;
}

bool policy_allows_connect(const struct policy *policy, const struct policy_names *names,
                           enum policy_protocol protocol, const struct wire_address *address,
                           char why[POLICY_WHY_SIZE]) {
    const struct rules *rules = &policy->directions[POLICY_CONNECT];
    struct wire_address host = address_unmapped(address);
    char text[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < rules->n_rules; i++) {
        const struct policy_rule *rule = &rules->rules[i];

        if (has_transport(rule, protocol, host.port) &&
            (policy_rule_has_address(rule, &host) || has_known_name(rule, names, &host))) {
            return allowed_by(rule, why);
        }
    }
    address_format(&host, text);
    return refused(rules, why, "connect to %s %s", protocol_name(protocol), text);
}

bool policy_allows_resolve(const struct policy *policy, const char *name,
                           char why[POLICY_WHY_SIZE]) {
    const struct rules *rules = &policy->directions[POLICY_CONNECT];
    char canonical[POLICY_NAME_SIZE];

    if (policy_canonical_name(name, canonical) < 0) {
        return refused(rules, why, "resolve what is no host name");
    }
    for (size_t i = 0; i < rules->n_rules; i++) {
        if (policy_rule_has_name(&rules->rules[i], canonical)) {
            return allowed_by(&rules->rules[i], why);
        }
    }
    return refused(rules, why, "resolve %s", canonical);
}

bool policy_resolves(const struct policy *policy) {
    const struct rules *rules = &policy->directions[POLICY_CONNECT];

    for (size_t i = 0; i < rules->n_rules; i++) {
        if (rules->rules[i].host != POLICY_NETWORK) {
            return true;
        }
    }
    return false;
}

// -- what the kernel is told ---------------------------------------------------------------------

size_t policy_tcp_ports(const struct policy *policy, enum policy_key direction, uint16_t *ports) {
    const struct rules *rules = &policy->directions[direction];
    size_t n_ports = 0;

    for (uint32_t port = 0; port < POLICY_PORTS; port++) {
        bool covered = false;

        for (size_t i = 0; i < rules->n_rules && !covered; i++) {
            const struct policy_rule *rule = &rules->rules[i];
            bool by_name = rule->host != POLICY_NETWORK && direction == POLICY_CONNECT;

            covered =
                has_transport(rule, POLICY_TCP, (uint16_t)port) || (by_name && port == DNS_PORT);
        }
        if (covered) {
            ports[n_ports++] = (uint16_t)port;
        }
    }
    return n_ports;
}

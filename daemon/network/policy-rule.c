// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/parse.h"
#include "daemon/network/address.h"
#include "daemon/network/policy-rule.h"

#define RULE_SIZE 320 /* bytes of a rule's text, NUL included: a name and what stands around it */
#define LABEL_MAX 63

static int fail(char why[POLICY_WHY_SIZE], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int fail(char why[POLICY_WHY_SIZE], const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(why, POLICY_WHY_SIZE, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

// -- names ---------------------------------------------------------------------------------------

// Checks one label, lower-cases it into NAME, and counts what it has besides digits.
static bool read_label(const char *label, size_t size, char *name, size_t *ret_letters) {
    size_t letters = 0;

    if (size == 0 || size > LABEL_MAX || label[0] == '-' || label[size - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        char c = label[i];

        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if (!(c >= '0' && c <= '9')) {
            letters++;
            if (!(c >= 'a' && c <= 'z') && c != '-' && c != '_') {
                return false;
            }
        }
        name[i] = c;
    }
    *ret_letters = letters;
    return true;
}

int policy_canonical_name(const char *text, char ret_name[POLICY_NAME_SIZE]) {
    size_t size = strlen(text), start = 0, letters = 0;
    char name[POLICY_NAME_SIZE] = {0};

    if (size > 0 && text[size - 1] == '.') {
        size--;
    }
    if (size == 0 || size >= POLICY_NAME_SIZE) {
        return -EINVAL;
    }
    for (size_t i = 0; i <= size; i++) {
        if (i < size && text[i] != '.') {
            continue;
        }
        if (!read_label(text + start, i - start, name + start, &letters)) {
            return -EINVAL;
        }
        if (i < size) {
            name[i] = '.';
        }
        start = i + 1;
    }
    if (letters == 0) {
        return -EINVAL; /* no top level is a number: this is a mistyped address */
    }
    memcpy(ret_name, name, sizeof(name));
    return 0;
}

bool policy_name_is_localhost(const char *name) {
    static const char below[] = ".localhost";
    size_t size = strlen(name);

    return strcmp(name, below + 1) == 0 ||
           (size >= sizeof(below) && strcmp(name + size - (sizeof(below) - 1), below) == 0);
}

// -- one rule ------------------------------------------------------------------------------------

static bool has_bits_beyond(const struct wire_address *address, uint32_t prefix) {
    uint32_t bits = address->family == WIRE_INET6 ? 128 : 32;

    for (uint32_t bit = prefix; bit < bits; bit++) {
        if (address->host[bit / 8] & (0x80 >> bit % 8)) {
            return true;
        }
    }
    return false;
}

static int read_network(const char *host, const char *slash, bool bracketed,
                        struct policy_rule *rule, char why[POLICY_WHY_SIZE]) {
    struct wire_address address = {0};
    uint64_t prefix = 0;
    uint32_t bits;

    if (address_parse(host, &address) < 0 || bracketed != (address.family == WIRE_INET6)) {
        return fail(why, "\"%s\" is no %s address", host, bracketed ? "IPv6" : "IPv4");
    }
    bits = address.family == WIRE_INET6 ? 128 : 32;
    prefix = bits;
    if (slash && parse_u64(slash + 1, 0, bits, &prefix) < 0) {
        return fail(why, "\"%s\" is no prefix length up to %u", slash + 1, bits);
    }
    if (has_bits_beyond(&address, (uint32_t)prefix)) {
        return fail(why, "%s has bits set beyond the prefix /%u", host, (unsigned)prefix);
    }
    rule->address = address_unmapped(&address);
    if (address_is_any(&rule->address) && !slash) {
        return fail(why, "write * for every address, not %s", host);
    }
    if (rule->address.family != address.family) {
        prefix -= 96; /* no less: the bits that say "mapped" are set, and none is beyond it */
    }
    rule->host = POLICY_NETWORK;
    rule->prefix = (uint8_t)prefix;
    return 0;
}

static int read_name(enum policy_key direction, const char *host, struct policy_rule *rule,
                     char why[POLICY_WHY_SIZE]) {
    bool is_suffix = strncmp(host, "*.", 2) == 0;
    char name[POLICY_NAME_SIZE];

    if (policy_canonical_name(is_suffix ? host + 2 : host, name) < 0) {
        return fail(why, "\"%s\" is neither an address nor a host name", host);
    }
    if (direction == POLICY_LISTEN && (is_suffix || !policy_name_is_localhost(name))) {
        return fail(why, "listen on an address, not on a name (\"%s\")", host);
    }
    rule->host = is_suffix ? POLICY_SUFFIX : POLICY_NAME;
    rule->name = strdup(name);
    return rule->name ? 0 : -ENOMEM;
}

// HOST is a private copy of what stands before the port, BRACKETED if it was in [].
static int read_host(enum policy_key direction, char *host, bool bracketed,
                     struct policy_rule *rule, char why[POLICY_WHY_SIZE]) {
    char *slash = strchr(host, '/');
    size_t digits = strspn(host, "0123456789.");

    if (!bracketed && strcmp(host, "*") == 0) {
        rule->host = POLICY_ANY;
        return 0;
    }
    if (host[0] == '\0') {
        return fail(why, "no host stands before the port");
    }
    if (slash) {
        *slash = '\0';
    }
    if (bracketed || slash || host[digits] == '\0') {
        return read_network(host, slash, bracketed, rule, why);
    }
    return read_name(direction, host, rule, why);
}

static int read_ports(char *text, struct policy_rule *rule, char why[POLICY_WHY_SIZE]) {
    uint64_t min = 0, max = UINT16_MAX;
    char *dash = strchr(text, '-');

    if (strcmp(text, "*") != 0) {
        if (dash) {
            *dash = '\0';
        }
        if (parse_u64(text, 0, UINT16_MAX, &min) < 0) {
            return fail(why, "\"%s\" is no port", text);
        }
        max = min;
        if (dash && (parse_u64(dash + 1, 0, UINT16_MAX, &max) < 0 || max < min)) {
            return fail(why, "\"%s-%s\" is no range of ports", text, dash + 1);
        }
    }
    rule->port_min = (uint16_t)min;
    rule->port_max = (uint16_t)max;
    return 0;
}

// Splits "[HOST]/PREFIX:PORT", "[HOST/PREFIX]:PORT", "HOST:PORT" and "PORT" in place. A prefix
// after the bracket moves into it.
static int split_host(char *text, char **ret_host, bool *ret_bracketed, char **ret_ports,
                      char why[POLICY_WHY_SIZE]) {
    char *colon = strrchr(text, ':'), *bracket = strchr(text, ']');

    *ret_bracketed = text[0] == '[';
    *ret_host = NULL;
    *ret_ports = text;
    if (!colon) {
        return *ret_bracketed ? fail(why, "no port follows the address") : 0;
    }
    *colon = '\0';
    *ret_host = text;
    *ret_ports = colon + 1;
    if (!*ret_bracketed) {
        return strchr(text, ':') ? fail(why, "an IPv6 address stands in []") : 0;
    }
    if (!bracket || bracket > colon || (bracket[1] != '\0' && bracket[1] != '/')) {
        return fail(why, "the address in [] does not end before the port");
    }
    memmove(bracket, bracket + 1, strlen(bracket + 1) + 1);
    *ret_host = text + 1;
    return 0;
}

static int read_rule(enum policy_key direction, char *text, struct policy_rule *rule,
                     char why[POLICY_WHY_SIZE]) {
    char *host = NULL, *ports = NULL;
    bool bracketed = false;
    int r;

    if (strncmp(text, "tcp:", 4) == 0) {
        rule->protocol = POLICY_TCP;
    } else if (strncmp(text, "udp:", 4) == 0) {
        rule->protocol = POLICY_UDP;
    } else {
        return fail(why, "a grant begins with tcp: or udp:");
    }
    r = split_host(text + 4, &host, &bracketed, &ports, why);
    if (r < 0) {
        return r;
    }
    r = read_ports(ports, rule, why);
    if (r < 0 || !host) {
        return r;
    }
    return read_host(direction, host, bracketed, rule, why);
}

int policy_parse_rule(enum policy_key direction, const char *text, struct policy_rule *ret_rule,
                      char why[POLICY_WHY_SIZE]) {
    char copy[RULE_SIZE], reason[POLICY_WHY_SIZE];
    struct policy_rule rule = {0};
    int r;

    if (strlen(text) >= sizeof(copy)) {
        return fail(why, "\"%.40s...\": too long for a grant", text);
    }
    memcpy(copy, text, strlen(text) + 1);
    r = read_rule(direction, copy, &rule, reason);
    if (r == -EINVAL) {
        return fail(why, "\"%s\": %.150s", text, reason);
    }
    rule.text = r < 0 ? NULL : strdup(text);
    if (!rule.text) {
        policy_rule_done(&rule);
        return -ENOMEM;
    }
    *ret_rule = rule;
    return 0;
}

void policy_rule_done(struct policy_rule *rule) {
    free(rule->text);
    free(rule->name);
    *rule = (struct policy_rule){0};
}

// -- what a rule covers --------------------------------------------------------------------------

static bool network_has(const struct policy_rule *rule, const struct wire_address *address) {
    if (rule->address.family != address->family) {
        return false;
    }
    for (uint32_t bit = 0; bit < rule->prefix; bit++) {
        if ((rule->address.host[bit / 8] ^ address->host[bit / 8]) & (0x80 >> bit % 8)) {
            return false;
        }
    }
    return true;
}

bool policy_rule_has_name(const struct policy_rule *rule, const char *name) {
    size_t size = strlen(name), suffix;

    switch ((enum policy_host)rule->host) {
    case POLICY_ANY:
        return true;
    case POLICY_NAME:
        return strcmp(rule->name, name) == 0;
    case POLICY_SUFFIX:
        suffix = strlen(rule->name);
        return size > suffix + 1 && name[size - suffix - 1] == '.' &&
               strcmp(name + size - suffix, rule->name) == 0;
    case POLICY_NETWORK:
        break;
    }
    return false;
}

bool policy_rule_has_address(const struct policy_rule *rule, const struct wire_address *address) {
    switch ((enum policy_host)rule->host) {
    case POLICY_ANY:
        return true;
    case POLICY_NETWORK:
        /* on Linux 0.0.0.0 and :: are no host: to listen there is to listen everywhere, to connect
         * there is to connect to this machine */
        return !address_is_any(address) && network_has(rule, address);
    case POLICY_NAME:
        return policy_name_is_localhost(rule->name) && address_is_loopback(address);
    case POLICY_SUFFIX:
        break;
    }
    return false;
}

// Whether every host of INNER is one of OUTER. An address is not within a name, whatever that
// resolves to.
static bool host_within(const struct policy_rule *inner, const struct policy_rule *outer) {
    if (outer->host == POLICY_ANY) {
        return true;
    }
    switch ((enum policy_host)inner->host) {
    case POLICY_ANY:
        return false;
    case POLICY_NAME:
        return policy_rule_has_name(outer, inner->name);
    case POLICY_SUFFIX:
        return outer->host == POLICY_SUFFIX &&
               (strcmp(outer->name, inner->name) == 0 || policy_rule_has_name(outer, inner->name));
    case POLICY_NETWORK:
        break;
    }
    if (outer->host == POLICY_NETWORK) {
        return inner->prefix >= outer->prefix && network_has(outer, &inner->address);
    }
    return inner->prefix >= 8 && policy_rule_has_address(outer, &inner->address);
}

bool policy_rule_within(const struct policy_rule *inner, const struct policy_rule *outer) {
    return inner->protocol == outer->protocol && inner->port_min >= outer->port_min &&
           inner->port_max <= outer->port_max && host_within(inner, outer);
}

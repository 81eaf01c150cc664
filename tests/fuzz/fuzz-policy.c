// SPDX-License-Identifier: MIT

// Grants and decisions: daemon/network/policy.c, policy-rule.c, policy-names.c, address.c. An input
// is text, a line each:
//
//     l GRANT, c GRANT    the manifest asks to listen, to connect
//     L GRANT, C GRANT    the configuration narrows it to that
//     n NAME ADDRESS      the name was resolved
//     a ADDRESS           an address to ask about, besides those at the edges of every grant
//     p                   compare with what the kernel is told of ports
//
// What the policy promises must hold for every address and name asked about.

#include <errno.h>
#include <string.h>

#include "daemon/network/address.h"
#include "daemon/network/policy-names.h"
#include "daemon/network/policy-rule.h"
#include "daemon/network/policy.h"
#include "tests/fuzz/fuzz.h"

#define GRANTS_MAX 10u /* of each list */
#define HOSTS_MAX 24u
#define PORTS_MAX 12u
#define NAMES_MAX 32u
#define LINE_SIZE 330

// What is asked about: every host with every port, and every name.
static struct {
    struct wire_address hosts[HOSTS_MAX];
    size_t n_hosts;
    uint16_t ports[PORTS_MAX];
    size_t n_ports;
    char names[NAMES_MAX][POLICY_NAME_SIZE];
    size_t n_names;
} probes;

struct grants {
    char texts[POLICY_KEYS][GRANTS_MAX][LINE_SIZE];
    size_t n_texts[POLICY_KEYS];
};

static struct grants wanted, local;
static struct policy_names *names;
static bool compares_ports;

// -- what to ask ---------------------------------------------------------------------------------

static void probe_host(struct wire_address host) {
    if (probes.n_hosts < HOSTS_MAX) {
        host.port = 0;
        probes.hosts[probes.n_hosts++] = host;
    }
}

static void probe_port(uint32_t port) {
    for (size_t i = 0; i < probes.n_ports; i++) {
        if (probes.ports[i] == (uint16_t)port) {
            return;
        }
    }
    if (probes.n_ports < PORTS_MAX) {
        probes.ports[probes.n_ports++] = (uint16_t)port;
    }
}

static void probe_name(const char *text) {
    char name[POLICY_NAME_SIZE], again[POLICY_NAME_SIZE];

    if (probes.n_names == NAMES_MAX || policy_canonical_name(text, name) < 0) {
        return;
    }
    REQUIRE(policy_canonical_name(name, again) == 0 && strcmp(name, again) == 0);
    memcpy(probes.names[probes.n_names++], name, sizeof(name));
}

// The first and the last address of a network, and those beside them.
static void probe_network(const struct policy_rule *rule) {
    uint32_t bits = rule->address.family == WIRE_INET6 ? 128 : 32;
    struct wire_address last = rule->address, beside = rule->address;

    for (uint32_t bit = rule->prefix; bit < bits; bit++) {
        last.host[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    if (rule->prefix > 0) {
        beside.host[(rule->prefix - 1u) / 8] ^= (uint8_t)(0x80 >> (rule->prefix - 1) % 8);
        probe_host(beside);
    }
    probe_host(rule->address);
    probe_host(last);
}

static void probe_rule(const struct policy_rule *rule) {
    char below[POLICY_NAME_SIZE + 2];

    probe_port(rule->port_min);
    probe_port(rule->port_max);
    probe_port(rule->port_min - 1u);
    probe_port(rule->port_max + 1u);
    if (rule->host == POLICY_NETWORK) {
        probe_network(rule);
    }
    if (rule->name) {
        (void)snprintf(below, sizeof(below), "a.%s", rule->name);
        probe_name(rule->name);
        probe_name(below);
        probe_name(strchr(rule->name, '.') ? strchr(rule->name, '.') + 1 : "x");
    }
}

static void probe_always(void) {
    static const char *const texts[] = {"0.0.0.0", "127.0.0.1", "10.0.0.1", "255.255.255.255",
                                        "::",      "::1",       "fe80::1",  "2001:db8::1"};
    struct wire_address host;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        REQUIRE(address_parse(texts[i], &host) == 0);
        probe_host(host);
    }
    probe_port(0);
    probe_port(53);
    probe_name("localhost");
    probe_name("a.localhost");
}

// -- reading -------------------------------------------------------------------------------------

static void add_grant(struct grants *grants, enum policy_key direction, const char *text) {
    struct policy_rule rule;
    char why[POLICY_WHY_SIZE];
    int r = policy_parse_rule(direction, text, &rule, why);

    REQUIRE(r == 0 || r == -EINVAL);
    if (r < 0) {
        REQUIRE(strlen(why) < POLICY_WHY_SIZE && why[0] != '\0');
        return;
    }
    REQUIRE(rule.port_min <= rule.port_max && strcmp(rule.text, text) == 0);
    REQUIRE(policy_rule_within(&rule, &rule));
    probe_rule(&rule);
    policy_rule_done(&rule);
    if (grants->n_texts[direction] < GRANTS_MAX) {
        memcpy(grants->texts[direction][grants->n_texts[direction]++], text, strlen(text) + 1);
    }
}

static void add_name(char *text) {
    char *space = strchr(text, ' '), name[POLICY_NAME_SIZE];
    struct wire_address address;

    if (!space) {
        return;
    }
    *space = '\0';
    if (policy_canonical_name(text, name) == 0 && address_parse(space + 1, &address) == 0) {
        policy_names_add(names, name, &address);
        probe_name(name);
        probe_host(address);
    }
}

static void read_line(char *line) {
    struct wire_address address;

    if (line[0] == 'p') {
        compares_ports = true;
    }
    if (line[0] == '\0' || line[1] != ' ') {
        return;
    }
    switch (line[0]) {
    case 'l':
    case 'c':
        add_grant(&wanted, line[0] == 'l' ? POLICY_LISTEN : POLICY_CONNECT, line + 2);
        break;
    case 'L':
    case 'C':
        add_grant(&local, line[0] == 'L' ? POLICY_LISTEN : POLICY_CONNECT, line + 2);
        break;
    case 'n':
        add_name(line + 2);
        break;
    case 'a':
        if (address_parse(line + 2, &address) == 0) {
            probe_host(address);
        }
        break;
    default:
        break;
    }
}

// The manifest's texts are printable ASCII (image/fields.c), and so are the reasons made of them.
static void read_input(struct input input) {
    char line[LINE_SIZE];

    while (input_line(&input, line, sizeof(line))) {
        if (is_printable_ascii(line)) {
            read_line(line);
        }
    }
}

// -- deciding ------------------------------------------------------------------------------------

static struct policy *make_policy(void) {
    struct policy *policy = NULL;
    char why[POLICY_WHY_SIZE];

    REQUIRE(policy_new(&policy) == 0);
    for (int direction = 0; direction < (int)POLICY_KEYS; direction++) {
        for (size_t i = 0; i < wanted.n_texts[direction]; i++) {
            REQUIRE(policy_grant(policy, (enum policy_key)direction, wanted.texts[direction][i],
                                 why) == 0);
        }
    }
    return policy;
}

// Narrows POLICY to GRANTS in one direction. Returns what policy_narrow() does, after what it
// promises about that was checked.
static int narrow(struct policy *policy, enum policy_key direction, const struct grants *grants) {
    const char *texts[GRANTS_MAX] = {NULL};
    char why[POLICY_WHY_SIZE];
    bool covered = true;
    int r;

    for (size_t i = 0; i < grants->n_texts[direction]; i++) {
        texts[i] = grants->texts[direction][i];
        covered = covered && policy_covers(policy, direction, texts[i]);
    }
    r = policy_narrow(policy, direction, texts, grants->n_texts[direction], why);
    REQUIRE(r == (covered ? 0 : -EPERM));
    REQUIRE(r == 0 || (strlen(why) < POLICY_WHY_SIZE && is_printable_ascii(why)));
    return r;
}

static bool allows(const struct policy *policy, enum policy_key direction,
                   enum policy_protocol protocol, const struct wire_address *address) {
    char why[POLICY_WHY_SIZE];
    bool allowed = direction == POLICY_LISTEN
                       ? policy_allows_listen(policy, protocol, address, why)
                       : policy_allows_connect(policy, names, protocol, address, why);

    REQUIRE(strlen(why) < POLICY_WHY_SIZE && is_printable_ascii(why));
    return allowed;
}

static struct wire_address mapped(const struct wire_address *address) {
    struct wire_address result = {
        .family = WIRE_INET6, .port = address->port, .host = {[10] = 0xff, [11] = 0xff}};

    memcpy(result.host + 12, address->host, 4);
    return result;
}

static void ask(const struct policy *before, const struct policy *after, enum policy_key direction,
                enum policy_protocol protocol, const struct wire_address *address) {
    bool allowed = allows(after, direction, protocol, address);

    REQUIRE(!allowed || allows(before, direction, protocol, address));
    if (address->family == WIRE_INET) {
        struct wire_address inet6 = mapped(address);

        REQUIRE(allows(after, direction, protocol, &inet6) == allowed);
    }
}

static void ask_all(const struct policy *before, const struct policy *after) {
    char why[POLICY_WHY_SIZE];

    for (size_t i = 0; i < probes.n_hosts * probes.n_ports * 4; i++) {
        struct wire_address address = probes.hosts[i / 4 / probes.n_ports];

        address.port = probes.ports[i / 4 % probes.n_ports];
        ask(before, after, i & 1 ? POLICY_LISTEN : POLICY_CONNECT, i & 2 ? POLICY_UDP : POLICY_TCP,
            &address);
    }
    for (size_t i = 0; i < probes.n_names; i++) {
        REQUIRE(!policy_allows_resolve(after, probes.names[i], why) ||
                policy_allows_resolve(before, probes.names[i], why));
    }
}

static void compare_ports(const struct policy *policy, enum policy_key direction) {
    static uint16_t ports[POLICY_PORTS];
    static bool listed[POLICY_PORTS];
    size_t n = policy_tcp_ports(policy, direction, ports);

    memset(listed, 0, sizeof(listed));
    for (size_t i = 0; i < n; i++) {
        REQUIRE(i == 0 || ports[i] > ports[i - 1]);
        listed[ports[i]] = true;
    }
    for (size_t i = 0; i < probes.n_hosts * probes.n_ports; i++) {
        struct wire_address address = probes.hosts[i / probes.n_ports];

        address.port = probes.ports[i % probes.n_ports];
        REQUIRE(listed[address.port] || !allows(policy, direction, POLICY_TCP, &address));
    }
    for (size_t i = 0; i < probes.n_names && direction == POLICY_CONNECT; i++) {
        char why[POLICY_WHY_SIZE];

        REQUIRE(listed[53] || !policy_allows_resolve(policy, probes.names[i], why));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct policy *before, *after;

    memset(&probes, 0, sizeof(probes));
    memset(wanted.n_texts, 0, sizeof(wanted.n_texts));
    memset(local.n_texts, 0, sizeof(local.n_texts));
    compares_ports = false;
    REQUIRE(policy_names_new(&names) == 0);
    probe_always();
    read_input((struct input){data, size});
    before = make_policy();
    after = make_policy();
    for (int direction = 0; direction < (int)POLICY_KEYS; direction++) {
        // What stands lies within itself; then, if it is allowed, the narrower.
        REQUIRE(narrow(after, (enum policy_key)direction, &wanted) == 0);
        (void)narrow(after, (enum policy_key)direction, &local);
        if (compares_ports) {
            compare_ports(after, (enum policy_key)direction);
        }
    }
    ask_all(before, after);
    policy_free(before);
    policy_free(after);
    names = policy_names_free(names);
    return 0;
}

// SPDX-License-Identifier: MIT
#include "tests/fuzz/fake-resolver.h"

#include <errno.h>
#include <string.h>

#include "daemon/network/policy-names.h"
#include "daemon/network/policy-rule.h"
#include "daemon/network/resolver.h"
#include "tests/fuzz/fuzz.h"

struct lookup {
    resolver_function function;
    void *context;
    char name[POLICY_NAME_SIZE];
};

struct resolver {
    struct lookup lookups[RESOLVER_LOOKUPS_MAX];
    uint32_t n_lookups;
    struct policy_names *names;
    struct input *at_once;
};

struct resolver *fake_resolver_new(void) {
    struct resolver *resolver = calloc(1, sizeof(*resolver));

    REQUIRE(resolver && policy_names_new(&resolver->names) == 0);
    return resolver;
}

void fake_resolver_answer_next(struct resolver *resolver, struct input *input) {
    resolver->at_once = input;
}

static struct lookup take(struct resolver *resolver, uint32_t which) {
    struct lookup lookup = resolver->lookups[which];

    resolver->lookups[which] = resolver->lookups[--resolver->n_lookups];
    return lookup;
}

bool fake_resolver_answer(struct resolver *resolver, uint32_t which, struct input *input) {
    static const int errors[] = {0, 0, 0, ENOENT, EAGAIN, ETIMEDOUT, ENOMEM, EINVAL};
    struct wire_address addresses[RESOLVER_ADDRESSES_MAX] = {0};
    int error = errors[input_below(input, sizeof(errors) / sizeof(errors[0]))];
    uint32_t n = error ? 0 : 1 + input_below(input, RESOLVER_ADDRESSES_MAX);
    struct lookup lookup;

    if (resolver->n_lookups == 0) {
        return false;
    }
    lookup = take(resolver, which % resolver->n_lookups);
    for (uint32_t i = 0; i < n; i++) {
        addresses[i].family = input_u8(input) & 1 ? WIRE_INET6 : WIRE_INET;
        (void)input_bytes(input, addresses[i].host, addresses[i].family == WIRE_INET ? 4 : 16);
        policy_names_add(resolver->names, lookup.name, &addresses[i]);
    }
    lookup.function(lookup.context, error, addresses, n);
    return true;
}

// -- in place of the daemon's --------------------------------------------------------------------

int resolver_ask(struct resolver *resolver, const char *name, uint16_t family,
                 resolver_function function, void *context) {
    struct input *at_once = resolver->at_once;
    struct lookup *lookup;
    char canonical[POLICY_NAME_SIZE];

    REQUIRE(policy_canonical_name(name, canonical) == 0 && strcmp(name, canonical) == 0);
    REQUIRE(family == 0 || family == WIRE_INET || family == WIRE_INET6);
    if (resolver->n_lookups == RESOLVER_LOOKUPS_MAX) {
        return EBUSY;
    }
    lookup = &resolver->lookups[resolver->n_lookups++];
    *lookup = (struct lookup){.function = function, .context = context};
    memcpy(lookup->name, canonical, sizeof(canonical));
    resolver->at_once = NULL;
    if (at_once) {
        (void)fake_resolver_answer(resolver, resolver->n_lookups - 1, at_once);
    }
    return 0;
}

void resolver_cancel(struct resolver *resolver) {
    while (resolver && resolver->n_lookups > 0) {
        struct lookup lookup = take(resolver, 0);

        lookup.function(lookup.context, ECANCELED, NULL, 0);
    }
}

struct resolver *resolver_free(struct resolver *resolver) {
    if (resolver) {
        resolver_cancel(resolver);
        policy_names_free(resolver->names);
        free(resolver);
    }
    return NULL;
}

const struct policy_names *resolver_names(const struct resolver *resolver) {
    return resolver ? resolver->names : NULL;
}

// SPDX-License-Identifier: MIT
#include "daemon/network/policy-names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/network/address.h"
#include "daemon/network/policy-rule.h"

struct known {
    struct wire_address address;
    char name[POLICY_NAME_SIZE];
};

// Newest last; no more than an app's own lookups fill it, so a walk is cheap enough.
struct policy_names {
    size_t n_known;
    struct known known[POLICY_NAMES_MAX];
};

int policy_names_new(struct policy_names **ret_names) {
    struct policy_names *names = calloc(1, sizeof(*names));

    if (!names) {
        return -ENOMEM;
    }
    *ret_names = names;
    return 0;
}

struct policy_names *policy_names_free(struct policy_names *names) {
    free(names);
    return NULL;
}

static void forget(struct policy_names *names, size_t index) {
    names->n_known--;
    memmove(&names->known[index], &names->known[index + 1],
            (names->n_known - index) * sizeof(names->known[0]));
}

void policy_names_add(struct policy_names *names, const char *name,
                      const struct wire_address *address) {
    struct wire_address host = address_unmapped(address);
    struct known *known;

    if (strlen(name) >= POLICY_NAME_SIZE) {
        return;
    }
    for (size_t i = 0; i < names->n_known; i++) {
        if (strcmp(names->known[i].name, name) == 0 &&
            address_same_host(&names->known[i].address, &host)) {
            forget(names, i);
            break;
        }
    }
    if (names->n_known == POLICY_NAMES_MAX) {
        forget(names, 0);
    }
    known = &names->known[names->n_known++];
    known->address = host;
    memcpy(known->name, name, strlen(name) + 1);
}

const char *policy_names_next(const struct policy_names *names, const struct wire_address *address,
                              size_t *position) {
    struct wire_address host = address_unmapped(address);

    for (; names && *position < names->n_known; (*position)++) {
        const struct known *known = &names->known[names->n_known - 1 - *position];

        if (address_same_host(&known->address, &host)) {
            (*position)++;
            return known->name;
        }
    }
    return NULL;
}

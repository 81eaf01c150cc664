// SPDX-License-Identifier: MIT
#include "daemon/process/identity.h"

#include <stdint.h>

// FNV-1a: spreads short names well, and nobody gains anything from a collision they could not have
// by choosing the other app's name.
static uint32_t hash(const char *text) {
    uint32_t value = 2166136261u;

    for (; *text != '\0'; text++) {
        value = (value ^ (unsigned char)*text) * 16777619u;
    }
    return value;
}

void identity_of(const char *name, uid_t *ret_supervisor, uid_t *ret_worker) {
    const uint32_t n_pairs = (IDENTITY_MAX - IDENTITY_MIN + 1) / 2;
    uid_t first = IDENTITY_MIN + 2 * (hash(name) % n_pairs);

    *ret_supervisor = first;
    *ret_worker = first + 1;
}

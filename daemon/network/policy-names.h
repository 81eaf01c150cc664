// SPDX-License-Identifier: MIT
#pragma once

// Which addresses the names an app looked up have. A grant by name allows connecting to what its
// name resolved to, so this is part of the policy: only the resolver (daemon/network/resolver.c)
// adds to it, from answers it got itself. The oldest go out when the table is full.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

#define POLICY_NAMES_MAX 512u /* pairs of a name and an address */

struct policy_names;

// Returns 0 or -ENOMEM.
int policy_names_new(struct policy_names **ret_names);
struct policy_names *policy_names_free(struct policy_names *names);

// Remembers that NAME has ADDRESS (its port does not matter). Known already: it is the newest
// again.
void policy_names_add(struct policy_names *names, const char *name,
                      const struct wire_address *address);

// The next name of ADDRESS, newest first: *position is 0 at first and moves on. NULL: no more.
// NAMES may be NULL.
const char *policy_names_next(const struct policy_names *names, const struct wire_address *address,
                              size_t *position);

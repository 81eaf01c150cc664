// SPDX-License-Identifier: MIT
#pragma once

// Host names become addresses: c-ares in the supervisor's loop, and the memory of what was
// resolved.
//
// DNS is not to be believed about this machine: answers that are loopback, link-local, multicast or
// unspecified addresses are dropped, or whoever runs a granted name could point the app at services
// of the machine itself. The hosts file may give a name such an address: it is the administrator's.

#include <stddef.h>

#include "call/wire.h"

#define RESOLVER_ADDRESSES_MAX 32u /* of one answer; the rest is dropped */
#define RESOLVER_LOOKUPS_MAX 16u   /* in flight */

struct loop;
struct policy_names;
struct resolver;

// Takes the answer: ERROR 0 and at least one address (port 0), or an errno: ENOENT no such name,
// EAGAIN the servers failed, ETIMEDOUT, ENOMEM, EINVAL, or ECANCELED by resolver_cancel() or
// resolver_free().
typedef void (*resolver_function)(void *context, int error, const struct wire_address *addresses,
                                  size_t n_addresses);

// Reads the system's resolver configuration; of changes to it, only the name servers are followed.
// Make it before the supervisor confines itself, so that c-ares finds its source of randomness; it
// works on after. SERVERS: "address:port,..." to ask
// instead of the system's, or NULL. Returns 0 or -errno. Free it before LOOP.
int resolver_new(struct loop *loop, const char *servers, struct resolver **ret_resolver);
struct resolver *resolver_free(struct resolver *resolver);

// Looks NAME up, which is canonical (policy_canonical_name()) and complete: no search domain is
// appended. FAMILY: enum wire_family, or 0 for
// both. Returns 0: FUNCTION is called, perhaps before this returns; EBUSY or ENOMEM: it is not.
int resolver_ask(struct resolver *resolver, const char *name, uint16_t family,
                 resolver_function function, void *context);

// Ends every lookup in flight, with ECANCELED. RESOLVER may be NULL.
void resolver_cancel(struct resolver *resolver);

// What has been resolved: the resolver's own. RESOLVER may be NULL.
const struct policy_names *resolver_names(const struct resolver *resolver);

// SPDX-License-Identifier: MIT
#pragma once

// The resolver of an app: c-ares in its loop, and the names it has resolved.

struct app;
struct loop;
struct policy_names;
struct resolver;

// Reads the system's resolver configuration. Make it before the supervisor confines itself, so that
// c-ares finds its source of randomness; it works on after. SERVERS: "address:port,..." to ask
// instead of the system's, or NULL. Returns 0 or -errno. Free it before LOOP.
int resolver_new(struct app *app, struct loop *loop, const char *servers,
                 struct resolver **ret_resolver);
struct resolver *resolver_free(struct resolver *resolver);

// What has been resolved; the resolver's own.
struct policy_names *resolver_names(struct resolver *resolver);

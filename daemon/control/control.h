// SPDX-License-Identifier: MIT
#pragma once

// The control socket of an app: who connects, how many, and which method serves a call.

#include <stdbool.h>
#include <stdint.h>

#include "daemon/control/control-peer.h"

#define CONTROL_CLIENTS_MAX 32u /* at a time, ... */
#define CONTROL_USER_MAX 8u     /* ... of one user, root excepted ... */
#define CONTROL_REFUSED_MAX 4u  /* ... and others, while they are told that they may not */
#define CONTROL_RATE 500u       /* calls a second, of all clients together */

struct connection;
struct control;
struct loop;
struct supervisor;
struct trace_feed;

struct control_counters {
    uint64_t calls;
    uint64_t clients; /* that were admitted */
    uint64_t refused; /* that may not, or were too many */
    uint64_t closed;  /* for what they did */
};

// Serves clients of the listening socket FD, which is taken if 0 is returned, once the loop of
// SUPERVISOR's app runs. Returns 0 or -errno; control_free() undoes it and takes NULL.
int control_new(struct supervisor *supervisor, int fd, const struct control_peers *peers,
                struct control **ret_control);
struct control *control_free(struct control *control);

const struct control_counters *control_count(const struct control *control);

// -- for connections -----------------------------------------------------------------------------

struct trace_feed *control_feed(struct control *control);
struct loop *control_loop(const struct control *control);
struct supervisor *control_supervisor(const struct control *control);

// Whether one more call may be served now.
bool control_may_serve(struct control *control, uint64_t now_usec);

// Serves CONNECTION's call: finds its method, checks its parameters.
void control_serve(struct control *control, struct connection *connection);

// Says in the log what a client did, a few times a second at most: who asks for a thing without end
// is not to fill a disk.
void control_tell(struct control *control, const struct connection *connection, const char *what);

// Likewise, for which it is dropped.
void control_complain(struct control *control, const struct connection *connection,
                      const char *what);

// Frees CONNECTION.
void control_drop(struct control *control, struct connection *connection);

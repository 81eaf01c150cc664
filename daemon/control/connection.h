// SPDX-License-Identifier: MIT
#pragma once

// A client on the control socket. It may be hostile: what it sends is bounded in size, time and
// rate, what it does not read is bounded too, and descriptors that it attaches are never received.
// It has one method call served at a time; further ones wait in the socket.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/control/byte-queue.h"
#include "daemon/control/varlink.h"
#include "daemon/loop/loop.h"

#define CONNECTION_IN_MAX (128u << 10)     /* bytes of a method call */
#define CONNECTION_OUT_MAX (2u << 20)      /* bytes that are not yet read of replies */
#define CONNECTION_STREAM_MAX (256u << 10) /* likewise, of a stream: what is more is dropped */
#define CONNECTION_PATIENCE_USEC 5000000u  /* for the rest of a call that has begun */
#define CONNECTION_READ_USEC 10000000u     /* for a client to read something of its replies */

struct connection;
struct control;
struct json_object;
struct supervisor;

struct connection {
    struct connection *next; /* of the same control */
    struct control *control;
    int fd; /* owned */
    uid_t uid;
    pid_t pid;
    bool allowed;

    struct source *source;
    uint32_t events;     /* that it is asked for */
    struct timer *timer; /* what stands below is due */
    struct byte_queue in, out;
    size_t n_looked;         /* bytes of "in" in which there is no NUL */
    uint64_t call_due_usec;  /* 0: no call has begun to come */
    uint64_t read_due_usec;  /* 0: nothing waits to be read */
    uint64_t serve_due_usec; /* 0: no call waits here to be served */
    bool ended;              /* it sends no more */
    bool closing;            /* once it has read what is left */

    struct varlink_call call; /* being served; its message is NULL: none */
    void (*cancel)(void *context, struct connection *connection); /* of a reply that comes later */
    void *context;
    void (*on_change)(struct connection *connection); /* of the app's state; or NULL */
    uint32_t generation;                              /* of the worker before a restart */
};

// Takes a client on FD, which is taken if 0 is returned. ALLOWED: its calls are served; other
// clients are told that they are not. Returns 0 or -errno; connection_free() undoes it.
int connection_new(struct control *control, int fd, bool allowed,
                   struct connection **ret_connection);

// Cancels what is being served. What the client has room for of its replies is sent.
struct connection *connection_free(struct connection *connection);

// -- for methods ---------------------------------------------------------------------------------

struct supervisor *connection_supervisor(const struct connection *connection);

// Replies; PARAMETERS are taken, and NULL if memory ran out, which ends the connection. The call is
// over. Without a call (a method that replied) it is not allowed.
void connection_reply(struct connection *connection, struct json_object *parameters);

// Replies with an error instead: "Timeout" is org.mpyd.App's, one with a full stop is as it is.
void connection_fail(struct connection *connection, const char *error,
                     struct json_object *parameters);

// As connection_fail(), with one parameter, a text, or none (NULL).
void connection_fail_with(struct connection *connection, const char *error, const char *name,
                          const char *value);

// Replies, and will again. For methods whose client wants more.
void connection_continue(struct connection *connection, struct json_object *parameters);

// Whether the client has more to read already than a stream may add to, or is about to be dropped.
bool connection_is_behind(const struct connection *connection);

// The parameter NAME, a text; NULL: there is none. Valid until the reply.
const char *connection_text(const struct connection *connection, const char *name);

// Whether the client asks for more replies than one.
bool connection_wants_more(const struct connection *connection);

// The reply comes later. CANCEL(CONTEXT, connection) is called if the client goes before it.
void connection_defer(struct connection *connection,
                      void (*cancel)(void *context, struct connection *connection), void *context);

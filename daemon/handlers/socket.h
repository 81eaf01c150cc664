// SPDX-License-Identifier: MIT
#pragma once

// A socket of the app, for the files of the socket group alone.

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "daemon/handler.h"

struct peers;
struct sockaddr;
struct source;

struct socket {
    int fd; /* non-blocking; -1 until accepted */
    struct handle *handle;
    struct source *source; /* edge-triggered; NULL until there is anything to happen */
    bool is_given;         /* to the app: it knows the handle */
    bool is_stream;
    bool is_bound;     /* the app named its port, and so may hear anybody */
    bool is_local;     /* bound to loopback or a link-local address: so are those who find it */
    bool is_inherited; /* a copy of one that others will want */
    bool is_listening;
    bool is_ended;       /* the peer sends no more: readable for good */
    struct peers *peers; /* of a bound datagram socket */

    bool is_receiving; /* a receive waits for the peer: */
    struct call_reference receive;
    struct window receive_window;

    bool is_starved; /* a listener that found no free handle; in the list of these */
    LIST_ENTRY(socket) starved;
};

// Puts the socket into the loop, once. Returns 0 or ENOMEM.
int socket_watch(struct socket *socket);

// Makes SOCKET, which is not bound, a copy of the one that is bound to ADDRESS and was opened
// before mpyd was started. Returns 0; ENOENT: there is none; or another errno. In
// socket-inherited.c.
int socket_adopt(struct socket *socket, const struct sockaddr *address);

// Ends the receive that waits, if there is something for it now. In socket-transfer.c.
void socket_receive_now(struct socket *socket);

// The senders a bound datagram socket heard last, whom it may answer without a grant to connect, as
// a stream socket that listens may answer who connected. Those on this machine or its link only if
// the socket is bound there: whom a server for the network answers, its peers choose.
void socket_peers_add(struct socket *socket, const struct wire_address *address);
bool socket_peers_has(const struct socket *socket, const struct wire_address *address);

// Whether the app may hear datagrams from ADDRESS. A socket whose port the app did not choose under
// a grant to listen hears only those it may send to.
bool socket_may_hear(const struct socket *socket, const struct wire_address *address);

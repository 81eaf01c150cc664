// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "call/stubs.h"
#include "daemon/handlers/socket.h"
#include "daemon/network/address.h"
#include "daemon/network/policy.h"
#include "daemon/network/resolver.h"

// Who may: asked before the handlers of bind, connect and sendto run, and for every datagram heard.

#define PEERS_MAX 64u /* a power of two */

struct peers {
    uint32_t n_added; /* the newest is addresses[(n_added - 1) % PEERS_MAX] */
    struct wire_address addresses[PEERS_MAX];
};

static bool same_peer(const struct wire_address *a, const struct wire_address *b) {
    return a->port == b->port && address_same_host(a, b);
}

bool socket_peers_has(const struct socket *socket, const struct wire_address *address) {
    const struct peers *peers = socket->peers;

    for (uint32_t i = 0; peers && i < PEERS_MAX && i < peers->n_added; i++) {
        if (same_peer(&peers->addresses[i], address)) {
            return true;
        }
    }
    return false;
}

// Without memory for it, the sender can only be answered under a grant to connect.
void socket_peers_add(struct socket *socket, const struct wire_address *address) {
    struct wire_address host = address_unmapped(address);

    if (!socket->is_bound || (address_is_local(&host) && !socket->is_local) ||
        socket_peers_has(socket, address)) {
        return;
    }
    if (!socket->peers) {
        socket->peers = calloc(1, sizeof(*socket->peers));
    }
    if (socket->peers) {
        socket->peers->addresses[socket->peers->n_added++ % PEERS_MAX] = *address;
        if (socket->peers->n_added == 2 * PEERS_MAX) {
            socket->peers->n_added = PEERS_MAX; /* stays full and never wraps */
        }
    }
}

static enum policy_protocol protocol_of(const struct socket *socket) {
    return socket->is_stream ? POLICY_TCP : POLICY_UDP;
}

static bool may_send(const struct socket *socket, const struct wire_address *address,
                     char why[POLICY_WHY_SIZE]) {
    struct app *app = handle_app(socket->handle);

    return policy_allows_connect(app_policy(app), resolver_names(app_resolver(app)),
                                 protocol_of(socket), address, why);
}

bool socket_may_hear(const struct socket *socket, const struct wire_address *address) {
    char why[POLICY_WHY_SIZE];

    return socket->is_bound || may_send(socket, address, why);
}

int permit_socket_bind(struct call *call, struct handle *handle, struct wire_address address) {
    const struct socket *socket = handle_object(handle);
    char why[POLICY_WHY_SIZE];

    if (policy_allows_listen(app_policy(call_app(call)), protocol_of(socket), &address, why)) {
        return 0;
    }
    return call_refuse(call, "%s", why);
}

int permit_socket_connect(struct call *call, struct handle *handle, struct wire_address address) {
    const struct socket *socket = handle_object(handle);
    char why[POLICY_WHY_SIZE];

    if (may_send(socket, &address, why)) {
        return 0;
    }
    return call_refuse(call, "%s", why);
}

int permit_socket_sendto(struct call *call, struct handle *handle, struct bytes data,
                         struct wire_address address) {
    if (socket_peers_has(handle_object(handle), &address)) {
        return 0;
    }
    return permit_socket_connect(call, handle, address);
}

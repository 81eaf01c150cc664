// SPDX-License-Identifier: MIT
#include "daemon/handlers/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/loop/loop.h"
#include "daemon/network/address.h"

// Sockets come and go here; what moves over them is in socket-transfer.c, who may is in
// socket-policy.c.
//
// All are non-blocking and edge-triggered: an event sets readiness bits, a transfer that finds
// nothing more clears them, and the next event comes only after that. A worker never waits in here.

// Listeners with connections waiting that there was no handle for. Their READABLE bit is withdrawn
// until a socket is closed, since a server that polls would spin on it.
static LIST_HEAD(, socket) starving = LIST_HEAD_INITIALIZER(starving);

static void starve(struct socket *listener) {
    handle_ready(listener->handle, 0, WIRE_READABLE);
    if (!listener->is_starved) {
        listener->is_starved = true;
        LIST_INSERT_HEAD(&starving, listener, starved);
    }
}

static void feed(struct socket *listener) {
    if (listener->is_starved) {
        listener->is_starved = false;
        LIST_REMOVE(listener, starved);
    }
}

static struct socket *socket_release(struct socket *socket) {
    if (socket) {
        feed(socket);
        source_free(socket->source);
        close_fd(socket->fd);
        free(socket->peers);
        free(socket);
    }
    return NULL;
}

static void socket_releasep(struct socket **socket) {
    (void)socket_release(*socket);
}

// The end of a handle. If the app had it, its place is free now for a connection that waits. One
// that was never given to the app leaves no more room than there was: two listeners without
// descriptors would feed each other with it for ever.
static void socket_free(void *object) {
    struct socket *socket = object, *listener;
    bool was_given = socket->is_given;

    if (socket->is_receiving) {
        call_complete(handle_app(socket->handle), socket->receive, -ECANCELED);
    }

    (void)socket_release(socket);
    while (was_given && (listener = LIST_FIRST(&starving))) {
        feed(listener);
        handle_ready(listener->handle, WIRE_READABLE, 0);
    }
}

// EVENTS: of epoll(7), whose numbers are those of poll(2).
static int on_events(void *context, uint32_t events) {
    struct socket *socket = context;
    uint32_t set = 0;

    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
        set |= WIRE_READABLE;
    }
    if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
        set |= WIRE_WRITABLE;
    }
    if (events & EPOLLHUP) {
        set |= WIRE_HANGUP;
    }
    if (events & EPOLLERR) {
        set |= WIRE_ERROR;
    }
    if (events & (EPOLLRDHUP | EPOLLHUP)) {
        socket->is_ended = true;
    }
    handle_ready(socket->handle, set, 0);
    if (socket->is_receiving && (set & WIRE_READABLE)) {
        socket_receive_now(socket);
    }
    return 0;
}

int socket_watch(struct socket *socket) {
    uint32_t events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

    if (socket->source) {
        return 0;
    }
    return source_new(app_loop(handle_app(socket->handle)), socket->fd, events, on_events, socket,
                      &socket->source) < 0
               ? ENOMEM
               : 0;
}

// -- making and closing --------------------------------------------------------------------------

// A stream socket without a peer: nothing that it is asked to do will wait.
#define UNCONNECTED (WIRE_READABLE | WIRE_WRITABLE | WIRE_HANGUP)

static int socket_new(struct app *app, bool is_stream, struct socket **ret_socket) {
    CLEANUP(socket_releasep) struct socket *socket = calloc(1, sizeof(*socket));
    int r;

    if (!socket) {
        return ENOMEM;
    }
    socket->fd = -1;
    socket->is_stream = is_stream;
    r = handle_new(app, HANDLE_SOCKET, socket, socket_free, &socket->handle);
    if (r != 0) {
        return r;
    }
    *ret_socket = steal_ptr(&socket);
    return 0;
}

// Returns the number by which the app has SOCKET from now on.
static uint32_t give(struct socket *socket) {
    socket->is_given = true;
    return handle_number(socket->handle);
}

// Small writes go out at once, as they must in a server that answers requests; accepted sockets
// inherit it. Returns a descriptor or -errno.
static int open_fd(bool is_inet6, bool is_stream) {
    int type = is_stream ? SOCK_STREAM : SOCK_DGRAM;
    CLEANUP_FD int fd = socket(is_inet6 ? AF_INET6 : AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC,
                               is_stream ? IPPROTO_TCP : IPPROTO_UDP);
    int one = 1;

    if (fd < 0) {
        return -errno;
    }
    if (is_stream && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0) {
        return -errno;
    }
    return steal_fd(&fd);
}

int handle_socket_open(struct call *call, uint32_t family, uint32_t type, int64_t *ret_result) {
    bool is_stream = type == SOCKET_OPEN_TYPE_STREAM;
    struct socket *made = NULL;
    int r = socket_new(call_app(call), is_stream, &made);

    if (r != 0) {
        return r;
    }
    made->fd = open_fd(family == SOCKET_OPEN_FAMILY_INET6, is_stream);
    r = made->fd < 0 ? -made->fd : 0;
    if (r == 0 && is_stream) {
        /* as poll(2) has it; the loop has nothing to tell before it listens or connects */
        handle_ready(made->handle, UNCONNECTED, 0);
    } else if (r == 0) {
        r = socket_watch(made);
        handle_ready(made->handle, WIRE_WRITABLE, 0);
    }
    if (r != 0) {
        handle_free(made->handle);
        return r;
    }
    *ret_result = give(made);
    return 0;
}

int handle_socket_close(struct call *call, struct handle *handle) {
    handle_free(handle);
    return 0;
}

int handle_socket_shutdown(struct call *call, struct handle *handle, uint32_t how) {
    const struct socket *socket = handle_object(handle);

    // It would end for all workers to come. A listener has no peer whom it told anything.
    if (socket->is_inherited) {
        return ENOTCONN;
    }
    return shutdown(socket->fd, (int)how) < 0 ? errno : 0;
}

// -- listening -----------------------------------------------------------------------------------

int handle_socket_bind(struct call *call, struct handle *handle, struct wire_address address) {
    struct socket *socket = handle_object(handle);
    struct sockaddr_storage local;
    socklen_t size = address_to_socket(&address, &local);
    int r = socket_adopt(socket, (struct sockaddr *)&local);

    if (r == ENOENT) {
        r = bind(socket->fd, (struct sockaddr *)&local, size) < 0 ? errno : 0;
    }
    if (r != 0) {
        return r;
    }
    address = address_unmapped(&address);
    socket->is_bound = true;
    socket->is_local = address_is_local(&address) && !address_is_any(&address);
    return 0;
}

// An unbound socket would listen on every address, at a port of the kernel's choice: what no grant
// was asked for.
int handle_socket_listen(struct call *call, struct handle *handle, int64_t backlog) {
    struct socket *socket = handle_object(handle);

    if (!socket->is_bound) {
        return socket->is_stream ? EINVAL : EOPNOTSUPP;
    }
    if (listen(socket->fd, (int)backlog) < 0) {
        return errno;
    }
    if (!socket->is_listening) {
        socket->is_listening = true;
        handle_ready(handle, 0, UNCONNECTED);
    }
    return socket_watch(socket);
}

// What the loop would report later: whether more connections wait, and what the new one can do. One
// look spares the app a call that finds nothing, and a wake-up.
static void look(struct socket *listener, struct socket *accepted) {
    struct pollfd fds[2] = {{.fd = listener->fd, .events = POLLIN},
                            {.fd = accepted->fd, .events = POLLIN}};

    if (poll(fds, 2, 0) < 0) {
        return;
    }
    if (!fds[0].revents) {
        handle_ready(listener->handle, 0, WIRE_READABLE);
    }
    handle_ready(accepted->handle, WIRE_WRITABLE | (fds[1].revents ? WIRE_READABLE : 0), 0);
}

static int accept_next(struct socket *listener, struct socket *accepted,
                       struct wire_address *ret_peer) {
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof(peer);

    accepted->fd =
        accept4(listener->fd, (struct sockaddr *)&peer, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted->fd < 0) {
        return errno;
    }
    if (address_from_socket(&peer, ret_peer) < 0) {
        return ECONNABORTED;
    }
    return socket_watch(accepted);
}

int handle_socket_accept(struct call *call, struct handle *handle, struct window peer,
                         int64_t *ret_result) {
    struct socket *listener = handle_object(handle), *accepted = NULL;
    struct wire_address address;
    int r;

    if (peer.size != sizeof(address) || !listener->is_listening) {
        return EINVAL;
    }
    r = socket_new(call_app(call), true, &accepted);
    if (r != 0) {
        starve(listener);
        return r;
    }
    r = accept_next(listener, accepted, &address);
    if (r != 0) {
        handle_free(accepted->handle);
        if (r == EAGAIN) {
            handle_ready(listener->handle, 0, WIRE_READABLE);
        } else if (r != ECONNABORTED) {
            starve(listener); /* of descriptors or memory */
        }
        return r;
    }
    look(listener, accepted);
    memcpy(peer.data, &address, sizeof(address));
    *ret_result = give(accepted);
    return 0;
}

// -- connecting ----------------------------------------------------------------------------------

// What the loop told before is no longer so, and what it would tell may have been told.
static void look_again(struct socket *socket) {
    struct pollfd fd = {.fd = socket->fd, .events = POLLIN | POLLOUT | POLLRDHUP};

    socket->is_ended = false;
    handle_ready(socket->handle, 0, UNCONNECTED | WIRE_ERROR);
    if (poll(&fd, 1, 0) > 0) {
        (void)on_events(socket, (uint32_t)fd.revents);
    }
}

// The loop sees a stream socket from its first connect on, when it has something to tell. A failure
// may be that of the connect before, which is told once and gone.
int handle_socket_connect(struct call *call, struct handle *handle, struct wire_address address) {
    struct socket *socket = handle_object(handle);
    struct sockaddr_storage peer;
    socklen_t size = address_to_socket(&address, &peer);
    int r;

    r = connect(socket->fd, (struct sockaddr *)&peer, size) < 0 ? errno : 0;
    if (!socket->is_stream) {
        return r;
    }
    look_again(socket);
    if (r != 0 && r != EINPROGRESS) {
        return r;
    }
    return socket_watch(socket) != 0 ? ENOMEM : r;
}

// SPDX-License-Identifier: MIT
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "call/stubs.h"
#include "daemon/handlers/socket.h"
#include "daemon/network/address.h"

#define UNHEARD_MAX 32 /* datagrams dropped in one call before the loop's turn comes */
#define DATAGRAM_MAX (1u << 16)

// A stream that gave less than was asked for is empty, and one that took less is full: the kernel
// reports when that changes. An error is reported once and gone.

static void received(struct socket *socket, size_t asked, size_t size) {
    if (size == 0) {
        socket->is_ended = true;
    }
    if (size < asked && !socket->is_ended) {
        handle_ready(socket->handle, 0, WIRE_READABLE);
    }
}

static int receive_failed(struct socket *socket, int error) {
    if (error == EAGAIN) {
        handle_ready(socket->handle, 0, WIRE_READABLE);
    } else {
        handle_ready(socket->handle, 0, WIRE_ERROR);
    }
    return error;
}

static int sent(struct socket *socket, size_t asked, ssize_t size, int64_t *ret_result) {
    int error = errno;

    if (size >= 0) {
        if ((size_t)size < asked) {
            handle_ready(socket->handle, 0, WIRE_WRITABLE);
        }
        *ret_result = size;
        return 0;
    }
    handle_ready(socket->handle, 0, error == EAGAIN ? WIRE_WRITABLE : WIRE_ERROR);
    return error;
}

// -- datagrams -----------------------------------------------------------------------------------

// Unlike a stream, a queue of datagrams does not show its end by what was read from it.
static void look(struct socket *socket) {
    struct pollfd fd = {.fd = socket->fd, .events = POLLIN};

    if (poll(&fd, 1, 0) == 0) {
        handle_ready(socket->handle, 0, WIRE_READABLE);
    }
}

// Received in private: the worker sees its window at any moment, and so what it may not hear must
// never be there.
static int receive_datagram(struct socket *socket, struct window data,
                            struct wire_address *ret_sender, int64_t *ret_result) {
    static uint8_t datagram[DATAGRAM_MAX];

    assert(data.size <= sizeof(datagram));
    for (int i = 0; i < UNHEARD_MAX; i++) {
        struct sockaddr_storage sender = {0};
        socklen_t size = sizeof(sender);
        ssize_t received_size = recvfrom(socket->fd, datagram, data.size, MSG_DONTWAIT,
                                         (struct sockaddr *)&sender, &size);

        if (received_size < 0) {
            return receive_failed(socket, errno);
        }
        if (address_from_socket(&sender, ret_sender) == 0 && socket_may_hear(socket, ret_sender)) {
            memcpy(data.data, datagram, (size_t)received_size);
            socket_peers_add(socket, ret_sender);
            look(socket);
            *ret_result = received_size;
            return 0;
        }
    }
    return EAGAIN; /* still readable: it may ask again */
}

// -- calls ---------------------------------------------------------------------------------------

int handle_socket_send(struct call *call, struct handle *handle, struct bytes data,
                       int64_t *ret_result) {
    struct socket *socket = handle_object(handle);
    ssize_t size = send(socket->fd, data.data, data.size, MSG_NOSIGNAL | MSG_DONTWAIT);

    return sent(socket, data.size, size, ret_result);
}

int handle_socket_sendto(struct call *call, struct handle *handle, struct bytes data,
                         struct wire_address address, int64_t *ret_result) {
    struct socket *socket = handle_object(handle);
    struct sockaddr_storage peer;
    socklen_t peer_size = address_to_socket(&address, &peer);
    ssize_t size = sendto(socket->fd, data.data, data.size, MSG_NOSIGNAL | MSG_DONTWAIT,
                          (struct sockaddr *)&peer, peer_size);

    return sent(socket, data.size, size, ret_result);
}

static int receive_stream(struct socket *socket, struct window data, int64_t *ret_result) {
    ssize_t size;

    if (data.size == 0) {
        *ret_result = 0; /* says nothing about the end of the stream */
        return 0;
    }
    size = recv(socket->fd, data.data, data.size, MSG_DONTWAIT);
    if (size < 0) {
        return receive_failed(socket, errno);
    }
    received(socket, data.size, (size_t)size);
    *ret_result = size;
    return 0;
}

int handle_socket_recv(struct call *call, struct handle *handle, struct window data,
                       int64_t *ret_result) {
    struct socket *socket = handle_object(handle);
    struct wire_address sender;

    if (socket->is_stream) {
        return receive_stream(socket, data, ret_result);
    }
    return receive_datagram(socket, data, &sender, ret_result);
}

// A receive that waits is worth it because of what it spares: the worker hears of its bytes and has
// them in one.
int handle_socket_receive(struct call *call, struct handle *handle, struct window data,
                          int64_t *ret_result) {
    struct socket *socket = handle_object(handle);
    int r = EAGAIN;

    if (!socket->is_stream || socket->is_listening) {
        return EOPNOTSUPP;
    }
    if (socket->is_receiving && call_is_waiting(handle_app(handle), socket->receive)) {
        return EALREADY;
    }
    if (handle_is_ready(handle, WIRE_READABLE)) {
        r = receive_stream(socket, data, ret_result);
    }
    if (r != EAGAIN) {
        return r;
    }
    socket->is_receiving = true;
    socket->receive = call_reference(call);
    socket->receive_window = data;
    return CALL_LATER;
}

void socket_receive_now(struct socket *socket) {
    struct app *app = handle_app(socket->handle);
    int64_t result = 0;
    int r = 0;

    if (call_is_waiting(app, socket->receive)) {
        r = receive_stream(socket, socket->receive_window, &result);
        if (r == EAGAIN) {
            return;
        }
        call_complete(app, socket->receive, r == 0 ? result : -r);
    }
    socket->is_receiving = false;
}

// Of a stream, the sender is its peer.
int handle_socket_recvfrom(struct call *call, struct handle *handle, struct window data,
                           struct window peer, int64_t *ret_result) {
    struct socket *socket = handle_object(handle);
    struct wire_address sender = {0};
    int r;

    if (peer.size != sizeof(sender)) {
        return EINVAL;
    }
    if (socket->is_stream) {
        struct sockaddr_storage end = {0};
        socklen_t size = sizeof(end);

        if (getpeername(socket->fd, (struct sockaddr *)&end, &size) < 0 ||
            address_from_socket(&end, &sender) < 0) {
            return ENOTCONN;
        }
        r = receive_stream(socket, data, ret_result);
    } else {
        r = receive_datagram(socket, data, &sender, ret_result);
    }
    if (r == 0) {
        memcpy(peer.data, &sender, sizeof(sender));
    }
    return r;
}

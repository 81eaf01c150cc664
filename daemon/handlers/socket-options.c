// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/handlers/socket.h"
#include "daemon/network/address.h"

struct option {
    int level, name;
};

// By the numbers of the table's enums; what setopt does not list, its stub refuses.
static const struct option options[] = {
    [SOCKET_GETOPT_OPTION_REUSEADDR] = {SOL_SOCKET, SO_REUSEADDR},
    [SOCKET_GETOPT_OPTION_KEEPALIVE] = {SOL_SOCKET, SO_KEEPALIVE},
    [SOCKET_GETOPT_OPTION_BROADCAST] = {SOL_SOCKET, SO_BROADCAST},
    [SOCKET_GETOPT_OPTION_NODELAY] = {IPPROTO_TCP, TCP_NODELAY},
    [SOCKET_GETOPT_OPTION_RCVBUF] = {SOL_SOCKET, SO_RCVBUF},
    [SOCKET_GETOPT_OPTION_SNDBUF] = {SOL_SOCKET, SO_SNDBUF},
    [SOCKET_GETOPT_OPTION_V6ONLY] = {IPPROTO_IPV6, IPV6_V6ONLY},
    [SOCKET_GETOPT_OPTION_ERROR] = {SOL_SOCKET, SO_ERROR},
    [SOCKET_GETOPT_OPTION_TYPE] = {SOL_SOCKET, SO_TYPE},
};
_Static_assert((int)SOCKET_SETOPT_OPTION_REUSEADDR == (int)SOCKET_GETOPT_OPTION_REUSEADDR &&
                   (int)SOCKET_SETOPT_OPTION_V6ONLY == (int)SOCKET_GETOPT_OPTION_V6ONLY,
               "one table serves both calls");

int handle_socket_setopt(struct call *call, struct handle *handle, uint32_t option, int64_t value) {
    const struct socket *socket = handle_object(handle);
    int number = (int)value;

    return setsockopt(socket->fd, options[option].level, options[option].name, &number,
                      sizeof(number)) < 0
               ? errno
               : 0;
}

int handle_socket_getopt(struct call *call, struct handle *handle, uint32_t option,
                         int64_t *ret_result) {
    const struct socket *socket = handle_object(handle);
    int number = 0;
    socklen_t size = sizeof(number);

    if (getsockopt(socket->fd, options[option].level, options[option].name, &number, &size) < 0) {
        return errno;
    }
    if (option == SOCKET_GETOPT_OPTION_ERROR) {
        handle_ready(handle, 0, WIRE_ERROR);
    }
    *ret_result = number;
    return 0;
}

int handle_socket_name(struct call *call, struct handle *handle, uint32_t end,
                       struct window address) {
    const struct socket *socket = handle_object(handle);
    struct sockaddr_storage name = {0};
    socklen_t size = sizeof(name);
    struct wire_address found;
    int r;

    if (address.size != sizeof(found)) {
        return EINVAL;
    }
    r = end == SOCKET_NAME_END_PEER ? getpeername(socket->fd, (struct sockaddr *)&name, &size)
                                    : getsockname(socket->fd, (struct sockaddr *)&name, &size);
    if (r < 0) {
        return errno;
    }
    if (address_from_socket(&name, &found) < 0) {
        return EINVAL;
    }
    memcpy(address.data, &found, sizeof(found));
    return 0;
}

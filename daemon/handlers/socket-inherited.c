// SPDX-License-Identifier: MIT
#include "daemon/handlers/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "daemon/loop/loop.h"
#include "daemon/process/inherited.h"

// Ports that only root may have are opened by the service manager. Who binds to one, as often as
// workers are restarted, gets a copy: connections that came meanwhile have waited.

// As open_fd() and open do: non-blocking, without delay, of no peer yet.
static int set_up(int fd, bool is_stream) {
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    int flags = fcntl(fd, F_GETFL), one = 1;

    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return errno;
    }
    if (is_stream) {
        return setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) < 0 ? errno : 0;
    }
    return connect(fd, &nobody, sizeof(nobody)) < 0 ? errno : 0;
}

int socket_adopt(struct socket *socket, const struct sockaddr *address) {
    bool was_watched = socket->source != NULL;
    CLEANUP_FD int fd =
        socket->is_bound
            ? -1
            : inherited_copy_socket(socket->is_stream ? SOCK_STREAM : SOCK_DGRAM, address);
    int r = fd < 0 ? ENOENT : set_up(fd, socket->is_stream);

    if (r != 0) {
        return r;
    }
    socket->source = source_free(socket->source);
    close_fd(socket->fd);
    socket->fd = steal_fd(&fd);
    socket->is_inherited = true;
    return was_watched ? socket_watch(socket) : 0;
}

// SPDX-License-Identifier: MIT
#include "tests/fuzz/fake-kernel.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "daemon/app/app.h"
#include "daemon/network/address.h"
#include "daemon/network/policy.h"
#include "daemon/network/resolver.h"
#include "tests/fuzz/fuzz.h"

#define HEARD_MAX 512u

struct fake_socket {
    bool open, stream, bound, listening;
    struct wire_address heard[HEARD_MAX]; /* whose datagrams it was given */
    size_t n_heard;
};

// Stands in datagrams that the app may not hear.
static const char forbidden[] = "\xf7not for you\xf7";
static bool gave_forbidden;

static struct fake_socket sockets[FAKE_FDS];
static unsigned n_open;
static struct app *app;
static struct input *input;

void fake_kernel_start(struct app *new_app, struct input *new_input) {
    app = new_app;
    input = new_input;
}

bool fake_kernel_is_guessed(const uint8_t *data, size_t size) {
    return memmem(data, size, forbidden, sizeof(forbidden) - 1);
}

unsigned fake_kernel_count(void) {
    return n_open;
}

bool fake_kernel_leaked(void) {
    bool gave = gave_forbidden;

    gave_forbidden = false;
    return gave &&
           memmem(app->channel.arena, app->channel.arena_size, forbidden, sizeof(forbidden) - 1);
}

// -- what the input decides ----------------------------------------------------------------------

// 0, or -1 with an errno: one that sockets have, or any.
static int outcome(void) {
    static const int errors[] = {EAGAIN,       EINPROGRESS, ECONNREFUSED, ECONNRESET, EPIPE,
                                 ECONNABORTED, ENOTCONN,    ENOMEM,       EACCES,     EADDRINUSE};
    uint8_t how = input_u8(input);

    if (how < 128) {
        return 0;
    }
    errno =
        how < 250 ? errors[how % (sizeof(errors) / sizeof(errors[0]))] : 1 + input_u8(input) % 133;
    return -1;
}

static void random_address(struct sockaddr *name, socklen_t *size) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct sockaddr_in inet = {.sin_family = AF_INET};
    struct sockaddr_in6 inet6 = {.sin6_family = AF_INET6};
    uint8_t how = input_u8(input);

    REQUIRE(*size == sizeof(struct sockaddr_storage));
    memset(name, 0, *size);
    if (how < 120) {
        inet.sin_port = input_u16(input);
        inet.sin_addr.s_addr = input_u32(input);
        memcpy(name, &inet, sizeof(inet));
    } else if (how < 240) {
        inet6.sin6_port = input_u16(input);
        inet6.sin6_scope_id = input_u8(input);
        (void)input_bytes(input, &inet6.sin6_addr, sizeof(inet6.sin6_addr));
        if (how & 1) {
            memcpy(&inet6.sin6_addr, mapped, sizeof(mapped));
        }
        memcpy(name, &inet6, sizeof(inet6));
    } else {
        name->sa_family = how; // not of the Internet
    }
}

static ssize_t moved(size_t size) {
    uint8_t how = input_u8(input);

    return how < 64 ? (ssize_t)size : (ssize_t)(size == 0 ? 0 : input_u16(input) % (size + 1));
}

// -- what must be so -----------------------------------------------------------------------------

static struct fake_socket *find(int fd) {
    REQUIRE(fd >= FAKE_FD_MIN && fd < FAKE_FD_MIN + FAKE_FDS && sockets[fd - FAKE_FD_MIN].open);
    return &sockets[fd - FAKE_FD_MIN];
}

// The worker may change whatever is in the arena while the kernel looks at it.
static void require_private(const void *data, size_t size) {
    const uint8_t *start = (const uint8_t *)app->channel.header, *bytes = data;

    REQUIRE(bytes + size <= start || bytes >= app->channel.arena + app->channel.arena_size);
}

// Memory to be filled is private, or all of it in the arena.
static void require_window(const void *data, size_t size) {
    const uint8_t *start = (const uint8_t *)app->channel.header, *bytes = data;
    const uint8_t *arena = app->channel.arena, *end = arena + app->channel.arena_size;

    REQUIRE(bytes + size <= start || bytes >= end || (bytes >= arena && bytes + size <= end));
}

static struct wire_address address_of(const struct sockaddr *name, socklen_t size) {
    struct sockaddr_storage storage = {0};
    struct wire_address address;

    require_private(name, size);
    REQUIRE(size == sizeof(struct sockaddr_in) || size == sizeof(struct sockaddr_in6));
    memcpy(&storage, name, size);
    REQUIRE(address_from_socket(&storage, &address) == 0);
    return address;
}

static bool was_heard(const struct fake_socket *socket, const struct wire_address *address) {
    for (size_t i = 0; i < socket->n_heard; i++) {
        if (address_same_host(&socket->heard[i], address) &&
            socket->heard[i].port == address->port) {
            return true;
        }
    }
    return false;
}

static bool may_connect(const struct fake_socket *socket, const struct wire_address *address) {
    char why[POLICY_WHY_SIZE];

    return policy_allows_connect(app->policy, resolver_names(app->resolver),
                                 socket->stream ? POLICY_TCP : POLICY_UDP, address, why);
}

// -- in place of libc's --------------------------------------------------------------------------

#define WRAP(result, name, ...)                                                                    \
    result __wrap_##name(__VA_ARGS__);                                                             \
    result __wrap_##name(__VA_ARGS__)

static int open_socket(bool stream) {
    for (int i = 0; i < FAKE_FDS; i++) {
        if (!sockets[i].open) {
            sockets[i].open = true;
            sockets[i].stream = stream;
            sockets[i].bound = sockets[i].listening = false;
            sockets[i].n_heard = 0;
            n_open++;
            return FAKE_FD_MIN + i;
        }
    }
    abort();
}

WRAP(int, socket, int domain, int type, int protocol) {
    REQUIRE(domain == AF_INET || domain == AF_INET6);
    REQUIRE(type == (SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC) ||
            type == (SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC));
    REQUIRE(protocol == (type & SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP));
    return outcome() < 0 ? -1 : open_socket(type & SOCK_STREAM);
}

int __real_close_fd(int fd);

WRAP(int, close_fd, int fd) {
    if (fd < FAKE_FD_MIN) {
        return __real_close_fd(fd);
    }
    find(fd)->open = false;
    n_open--;
    return -1;
}

WRAP(int, bind, int fd, const struct sockaddr *name, socklen_t size) {
    struct fake_socket *socket = find(fd);
    struct wire_address address = address_of(name, size);
    char why[POLICY_WHY_SIZE];

    REQUIRE(
        policy_allows_listen(app->policy, socket->stream ? POLICY_TCP : POLICY_UDP, &address, why));
    if (outcome() < 0) {
        return -1;
    }
    socket->bound = true;
    return 0;
}

WRAP(int, listen, int fd, int backlog) {
    REQUIRE(find(fd)->bound && backlog >= 0 && backlog <= 4096);
    if (outcome() < 0) {
        return -1;
    }
    find(fd)->listening = true;
    return 0;
}

WRAP(int, accept4, int fd, struct sockaddr *name, socklen_t *size, int flags) {
    REQUIRE(find(fd)->listening && flags == (SOCK_NONBLOCK | SOCK_CLOEXEC));
    require_private(name, *size);
    if (outcome() < 0) {
        return -1;
    }
    random_address(name, size);
    return open_socket(true);
}

WRAP(int, connect, int fd, const struct sockaddr *name, socklen_t size) {
    struct wire_address address = address_of(name, size);

    REQUIRE(may_connect(find(fd), &address));
    return outcome();
}

WRAP(int, shutdown, int fd, int how) {
    (void)find(fd);
    REQUIRE(how >= SHUT_RD && how <= SHUT_RDWR);
    return outcome();
}

WRAP(ssize_t, send, int fd, const void *data, size_t size, int flags) {
    (void)find(fd);
    require_private(data, size);
    REQUIRE(size <= 65536 && flags == (MSG_NOSIGNAL | MSG_DONTWAIT));
    return outcome() < 0 ? -1 : moved(size);
}

WRAP(ssize_t, sendto, int fd, const void *data, size_t size, int flags, const struct sockaddr *name,
     socklen_t name_size) {
    struct wire_address address = address_of(name, name_size);

    require_private(data, size);
    REQUIRE(size <= 65536 && flags == (MSG_NOSIGNAL | MSG_DONTWAIT));
    REQUIRE(may_connect(find(fd), &address) || (find(fd)->bound && was_heard(find(fd), &address)));
    return outcome() < 0 ? -1 : moved(size);
}

// Only a stream's bytes may go to the worker as they come.
WRAP(ssize_t, recv, int fd, void *data, size_t size, int flags) {
    ssize_t n;

    REQUIRE(find(fd)->stream && size > 0 && size <= 65536 && flags == MSG_DONTWAIT);
    require_window(data, size);
    if (outcome() < 0) {
        return -1;
    }
    n = moved(size);
    memset(data, 'r', (size_t)n);
    return n;
}

WRAP(ssize_t, recvfrom, int fd, void *data, size_t size, int flags, struct sockaddr *name,
     socklen_t *name_size) {
    struct fake_socket *socket = find(fd);
    struct sockaddr_storage sender;
    struct wire_address address;
    ssize_t n;

    REQUIRE(!socket->stream && size <= 65536 && flags == MSG_DONTWAIT);
    require_private(data, size);
    require_private(name, *name_size);
    if (outcome() < 0) {
        return -1;
    }
    random_address(name, name_size);
    n = moved(size);
    memset(data, 'd', (size_t)n);
    memcpy(&sender, name, sizeof(sender));
    if (address_from_socket(&sender, &address) < 0 ||
        !(socket->bound || may_connect(socket, &address))) {
        gave_forbidden = true;
        memcpy(data, forbidden, (size_t)n < sizeof(forbidden) ? (size_t)n : sizeof(forbidden));
    } else if (socket->n_heard < HEARD_MAX) {
        socket->heard[socket->n_heard++] = address;
    }
    return n;
}

WRAP(int, getpeername, int fd, struct sockaddr *name, socklen_t *size) {
    (void)find(fd);
    require_private(name, *size);
    if (outcome() < 0) {
        return -1;
    }
    random_address(name, size);
    return 0;
}

WRAP(int, getsockname, int fd, struct sockaddr *name, socklen_t *size) {
    return __wrap_getpeername(fd, name, size);
}

WRAP(int, setsockopt, int fd, int level, int option, const void *value, socklen_t size) {
    (void)find(fd);
    require_private(value, size);
    REQUIRE(level == SOL_SOCKET || level == IPPROTO_TCP || level == IPPROTO_IPV6);
    return outcome();
}

WRAP(int, getsockopt, int fd, int level, int option, void *value, socklen_t *size) {
    int number = (int)input_u16(input);

    (void)find(fd);
    require_private(value, *size);
    REQUIRE(*size == sizeof(number));
    if (outcome() < 0) {
        return -1;
    }
    memcpy(value, &number, sizeof(number));
    return 0;
}

WRAP(int, poll, struct pollfd *fds, nfds_t n, int timeout) {
    int n_ready = 0;

    if (n > 0 && fds[0].fd < FAKE_FD_MIN) {
        const struct timespec time = {timeout / 1000, timeout % 1000 * 1000000L};

        // The channel's own.
        return (int)syscall(SYS_ppoll, fds, n, timeout < 0 ? NULL : &time, NULL, 0);
    }
    REQUIRE(timeout == 0);
    for (nfds_t i = 0; i < n; i++) {
        (void)find(fds[i].fd);
        fds[i].revents = (short)(input_u8(input) & (fds[i].events | POLLERR | POLLHUP));
        n_ready += fds[i].revents != 0;
    }
    return n_ready;
}

WRAP(ssize_t, getrandom, void *data, size_t size, unsigned flags) {
    require_window(data, size);
    if (input_u8(input) > 250) {
        errno = EINTR;
        return -1;
    }
    memset(data, 'x', size);
    return (ssize_t)size;
}

// -- the same, as _FORTIFY_SOURCE calls them -----------------------------------------------------

WRAP(ssize_t, __recv_chk, int fd, void *data, size_t size, size_t room, int flags) {
    REQUIRE(size <= room);
    return __wrap_recv(fd, data, size, flags);
}

WRAP(ssize_t, __recvfrom_chk, int fd, void *data, size_t size, size_t room, int flags,
     struct sockaddr *name, socklen_t *name_size) {
    REQUIRE(size <= room);
    return __wrap_recvfrom(fd, data, size, flags, name, name_size);
}

WRAP(int, __poll_chk, struct pollfd *fds, nfds_t n, int timeout, size_t room) {
    REQUIRE(n * sizeof(*fds) <= room);
    return __wrap_poll(fds, n, timeout);
}

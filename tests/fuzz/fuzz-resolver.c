// SPDX-License-Identifier: MIT

// What name servers answer: daemon/network/resolver.c, over c-ares with sockets that the input
// plays. Each query is answered by records that the input makes, or by its bytes as they come.
//
// No address of this machine or its link comes out of an answer, and every question is answered
// once.

#define CARES_NO_DEPRECATED // what replaces ares_set_socket_functions() is too new for Debian 12
#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>

#include "daemon/network/address.h"
#include "daemon/network/policy-names.h"
#include "daemon/network/resolver.h"
#include "tests/fuzz/fake-loop.h"
#include "tests/fuzz/fuzz.h"

#define SOCKET_MIN 3000 /* numbers that are no descriptors */
#define SOCKETS 64
#define HEADER_SIZE 12
#define MESSAGE_MAX 1500u
#define QUESTIONS_MAX 8u

// What c-ares sent last on each of its sockets.
static struct {
    size_t size;
    uint8_t data[512];
    struct sockaddr_in server;
} queries[SOCKETS];

static struct input input;
static struct resolver *resolver;
static int n_sockets;
static unsigned n_asked, n_answered;

// -- sockets -------------------------------------------------------------------------------------

static ares_socket_t on_socket(int domain, int type, int protocol, void *context) {
    queries[n_sockets % SOCKETS].size = 0;
    return SOCKET_MIN + n_sockets++ % SOCKETS;
}

static int on_close(ares_socket_t fd, void *context) {
    return 0;
}

static int on_connect(ares_socket_t fd, const struct sockaddr *address, ares_socklen_t size,
                      void *context) {
    if (size >= sizeof(struct sockaddr_in)) {
        memcpy(&queries[fd - SOCKET_MIN].server, address, sizeof(struct sockaddr_in));
    }
    return 0;
}

static ares_ssize_t on_send(ares_socket_t fd, const struct iovec *parts, int n_parts,
                            void *context) {
    size_t size = parts[0].iov_len, most = sizeof(queries[0].data);

    queries[fd - SOCKET_MIN].size = size < most ? size : most;
    memcpy(queries[fd - SOCKET_MIN].data, parts[0].iov_base, queries[fd - SOCKET_MIN].size);
    return (ares_ssize_t)size;
}

static size_t add_record(uint8_t *message, size_t size) {
    static const uint8_t types[] = {1, 28, 1, 28, 5, 6, 0, 255};
    uint8_t how = input_u8(&input), type = types[how % 8];
    uint8_t data_size = type == 1 ? 4 : type == 28 ? 16 : input_u8(&input) % 32;
    const uint8_t record[] = {0xc0, HEADER_SIZE, 0, type, 0, 1, 0, 0, 0, how, 0, data_size};

    memcpy(message + size, record, sizeof(record));
    size += sizeof(record);
    memset(message + size, 0, data_size);
    (void)input_bytes(&input, message + size, data_size);
    message[7]++;
    return size + data_size;
}

// An answer to the QUERY on the socket: its header and question, then records or anything.
static size_t make_answer(int which, uint8_t *message) {
    size_t size = queries[which].size, place = HEADER_SIZE;
    uint8_t how = input_u8(&input);

    memcpy(message, queries[which].data, size);
    if (how > 200) {
        return 2 + input_bytes(&input, message + 2, MESSAGE_MAX - 2);
    }
    while (place < size && message[place] != 0) {
        place += 1u + message[place];
    }
    message[2] = 0x81;
    message[3] = how > 180 ? 0x80 | (how & 15) : 0x80;
    memset(message + 6, 0, 6);
    size = place + 5;
    for (uint32_t n = input_u8(&input) % 40; n > 0 && size + 64 < MESSAGE_MAX; n--) {
        size = add_record(message, size);
    }
    return size;
}

static ares_ssize_t on_receive(ares_socket_t fd, void *data, size_t room, int flags,
                               struct sockaddr *from, ares_socklen_t *from_size, void *context) {
    uint8_t message[MESSAGE_MAX + 64];
    int which = fd - SOCKET_MIN;
    size_t size;

    if (queries[which].size < HEADER_SIZE) {
        errno = EAGAIN;
        return -1;
    }
    size = make_answer(which, message);
    queries[which].size = 0;
    size = size < room ? size : room;
    memcpy(data, message, size);
    if (from && *from_size >= sizeof(struct sockaddr_in)) {
        memcpy(from, &queries[which].server, sizeof(struct sockaddr_in));
        *from_size = sizeof(struct sockaddr_in);
    }
    return (ares_ssize_t)size;
}

int __real_ares_init_options(ares_channel *channel, struct ares_options *options, int mask);
int __wrap_ares_init_options(ares_channel *channel, struct ares_options *options, int mask);

int __wrap_ares_init_options(ares_channel *channel, struct ares_options *options, int mask) {
    static const struct ares_socket_functions functions = {on_socket, on_close, on_connect,
                                                           on_receive, on_send};
    int status;

    options->flags |= ARES_FLAG_IGNTC; /* a truncated answer would be asked for again by TCP */
    status = __real_ares_init_options(channel, options, mask);
    if (status == ARES_SUCCESS) {
        ares_set_socket_functions(*channel, &functions, NULL);
    }
    return status;
}

// -- asking --------------------------------------------------------------------------------------

static void on_answer(void *context, int error, const struct wire_address *addresses,
                      size_t n_addresses) {
    REQUIRE(context == &n_asked);
    n_answered++;
    REQUIRE((error == 0) == (n_addresses > 0) && n_addresses <= RESOLVER_ADDRESSES_MAX);
    REQUIRE(error == 0 || error == ENOENT || error == EAGAIN || error == ETIMEDOUT ||
            error == ENOMEM || error == EINVAL || error == ECANCELED);
    for (size_t i = 0; i < n_addresses; i++) {
        struct wire_address plain = address_unmapped(&addresses[i]);
        size_t position = 0;

        REQUIRE(!address_is_local(&plain) && addresses[i].port == 0);
        REQUIRE(addresses[i].family == plain.family);
        REQUIRE(policy_names_next(resolver_names(resolver), &plain, &position));
    }
}

static void ask(void) {
    static const char *const names[] = {"a.example.org", "b.example.org", "x.y.z.example.net"};
    static const uint16_t families[] = {0, WIRE_INET, WIRE_INET6};
    const char *name = names[input_below(&input, 3)];

    n_asked +=
        resolver_ask(resolver, name, families[input_below(&input, 3)], on_answer, &n_asked) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct loop *loop = NULL;

    input = (struct input){data, size};
    n_sockets = 0;
    n_asked = n_answered = 0;
    REQUIRE(loop_new(&loop) == 0);
    REQUIRE(resolver_new(loop, "192.0.2.1:53,192.0.2.2:53", &resolver) == 0);
    while (input.size > 0) {
        if (n_asked < QUESTIONS_MAX && input_u8(&input) % 3 == 0) {
            ask();
        }
        REQUIRE(fake_loop_event(input_u8(&input), EPOLLIN) == 0);
    }
    resolver = resolver_free(resolver);
    REQUIRE(n_answered == n_asked && fake_loop_count() == 0);
    return 0;
}

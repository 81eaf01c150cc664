// SPDX-License-Identifier: MIT
#include "tests/unit/socket-fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/dispatch/handle.h"
#include "daemon/loop/loop.h"
#include "daemon/network/policy.h"

#define TURN_USEC 3000

struct app socket_app;
static const struct call_row row = {.name = "socket.test"};
static const struct wire_submission submission;
struct call socket_call = {.app = &socket_app, .row = &row, .submission = &submission};

// -- an app without a worker ---------------------------------------------------------------------

int socket_setup(void **state) {
    static const char *const rules[][2] = {{"tcp:127.0.0.1:0", "tcp:127.0.0.1:*"},
                                           {"udp:127.0.0.1:0", "udp:127.0.0.2:*"}};
    char why[POLICY_WHY_SIZE];

    socket_app = (struct app){0};
    if (channel_init(&socket_app.channel) < 0 ||
        channel_resize(&socket_app.channel, WIRE_ARENA_MIN) < 0 ||
        app_init(&socket_app, "test") < 0 || policy_new(&socket_app.policy) < 0) {
        return -1;
    }
    handles_set_quota(socket_app.handles, SOCKET_QUOTA);
    for (size_t i = 0; i < 2; i++) {
        if (policy_grant(socket_app.policy, POLICY_LISTEN, rules[i][0], why) < 0 ||
            policy_grant(socket_app.policy, POLICY_CONNECT, rules[i][1], why) < 0) {
            return -1;
        }
    }
    return 0;
}

int socket_teardown(void **state) {
    app_done(&socket_app);
    return 0;
}

static int end_turn(void *context) {
    loop_exit(socket_app.loop, 0);
    return 0;
}

// Lets the loop see what the kernel has to tell.
void socket_turn(void) {
    struct timer *timer = NULL;

    assert_int_equal(timer_new(socket_app.loop, end_turn, NULL, &timer), 0);
    timer_set(timer, TURN_USEC);
    assert_int_equal(loop_run(socket_app.loop), 0);
    timer_free(timer);
}

uint32_t socket_ready(const struct handle *handle) {
    return socket_app.channel.ready[handle_number(handle) % WIRE_HANDLES];
}

static struct handle *find(int64_t number) {
    struct handle *handle = handle_find(&socket_app, (uint64_t)number, HANDLE_SOCKET);

    assert_non_null(handle);
    return handle;
}

struct handle *socket_make(uint32_t type) {
    int64_t number = 0;

    assert_int_equal(handle_socket_open(&socket_call, SOCKET_OPEN_FAMILY_INET, type, &number), 0);
    return find(number);
}

struct wire_address socket_loopback(uint8_t last, uint16_t port) {
    return (struct wire_address){.family = WIRE_INET, .host = {127, 0, 0, last}, .port = port};
}

struct wire_address socket_local(struct handle *handle) {
    struct wire_address address = {0};
    struct window window = {(uint8_t *)&address, sizeof(address)};

    assert_int_equal(handle_socket_name(&socket_call, handle, SOCKET_NAME_END_LOCAL, window), 0);
    return address;
}

struct handle *socket_make_listener(void) {
    struct handle *listener = socket_make(SOCKET_OPEN_TYPE_STREAM);
    struct wire_address any_port = socket_loopback(1, 0);

    assert_int_equal(permit_socket_bind(&socket_call, listener, any_port), 0);
    assert_int_equal(handle_socket_bind(&socket_call, listener, any_port), 0);
    assert_int_equal(handle_socket_listen(&socket_call, listener, 16), 0);
    return listener;
}

// -- the other side, without the app -------------------------------------------------------------

int socket_connect_outside(struct handle *listener) {
    struct wire_address address = socket_local(listener);
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(address.port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
    return fd;
}

int socket_accept_one(struct handle *listener, struct handle **ret_accepted) {
    struct wire_address peer = {0};
    int64_t number = 0;
    int r = handle_socket_accept(&socket_call, listener,
                                 (struct window){(uint8_t *)&peer, sizeof(peer)}, &number);

    if (r == 0) {
        *ret_accepted = find(number);
        assert_int_equal(peer.family, WIRE_INET);
    }
    return r;
}

struct handle *socket_make_pair(int *ret_outside) {
    struct handle *listener = socket_make_listener(), *accepted = NULL;

    *ret_outside = socket_connect_outside(listener);
    socket_turn();
    assert_int_equal(socket_accept_one(listener, &accepted), 0);
    handle_free(listener);
    return accepted;
}

// SPDX-License-Identifier: MIT
// The handlers of the socket group, with a real loop and real sockets, and no worker.
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/calls.h"
#include "call/channel.h"
#include "call/stubs.h"
#include "daemon/app.h"
#include "daemon/call.h"
#include "daemon/dispatch.h"
#include "daemon/handle.h"
#include "daemon/loop.h"
#include "daemon/policy.h"

#define QUOTA 6u
#define TURN_USEC 3000

static struct app app;
static const struct call_row row = {.name = "socket.test"};
static struct call call = {.app = &app, .row = &row};

// -- an app without a worker ---------------------------------------------------------------------

static int setup(void **state) {
    static const char *const rules[][2] = {{"tcp:127.0.0.1:0", "tcp:127.0.0.1:*"},
                                           {"udp:127.0.0.1:0", "udp:127.0.0.2:*"}};
    char why[POLICY_WHY_SIZE];

    app = (struct app){0};
    if (channel_init(&app.channel) < 0 || channel_resize(&app.channel, WIRE_ARENA_MIN) < 0 ||
        app_init(&app, "test") < 0 || policy_new(&app.policy) < 0) {
        return -1;
    }
    handles_set_quota(app.handles, QUOTA);
    for (size_t i = 0; i < 2; i++) {
        if (policy_grant(app.policy, POLICY_LISTEN, rules[i][0], why) < 0 ||
            policy_grant(app.policy, POLICY_CONNECT, rules[i][1], why) < 0) {
            return -1;
        }
    }
    return 0;
}

static int teardown(void **state) {
    app_done(&app);
    return 0;
}

static int end_turn(void *context) {
    loop_exit(app.loop, 0);
    return 0;
}

// Lets the loop see what the kernel has to tell.
static void turn(void) {
    struct timer *timer = NULL;

    assert_int_equal(timer_new(app.loop, end_turn, NULL, &timer), 0);
    timer_set(timer, TURN_USEC);
    assert_int_equal(loop_run(app.loop), 0);
    timer_free(timer);
}

static uint32_t ready(const struct handle *handle) {
    return app.channel.ready[handle_number(handle) % WIRE_HANDLES];
}

static struct handle *find(int64_t number) {
    struct handle *handle = handle_find(&app, (uint64_t)number, HANDLE_SOCKET);

    assert_non_null(handle);
    return handle;
}

static struct handle *open_socket(uint32_t type) {
    int64_t number = 0;

    assert_int_equal(handle_socket_open(&call, SOCKET_OPEN_FAMILY_INET, type, &number), 0);
    return find(number);
}

static struct wire_address loopback(uint8_t last, uint16_t port) {
    return (struct wire_address){.family = WIRE_INET, .host = {127, 0, 0, last}, .port = port};
}

static struct wire_address name_of(struct handle *handle) {
    struct wire_address address = {0};
    struct window window = {(uint8_t *)&address, sizeof(address)};

    assert_int_equal(handle_socket_name(&call, handle, SOCKET_NAME_END_LOCAL, window), 0);
    return address;
}

static struct handle *open_listener(void) {
    struct handle *listener = open_socket(SOCKET_OPEN_TYPE_STREAM);
    struct wire_address any_port = loopback(1, 0);

    assert_int_equal(permit_socket_bind(&call, listener, any_port), 0);
    assert_int_equal(handle_socket_bind(&call, listener, any_port), 0);
    assert_int_equal(handle_socket_listen(&call, listener, 16), 0);
    return listener;
}

// -- the other side, without the app -------------------------------------------------------------

static int connect_outside(struct handle *listener) {
    struct wire_address address = name_of(listener);
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(address.port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), 0);
    return fd;
}

static int accept_one(struct handle *listener, struct handle **ret_accepted) {
    struct wire_address peer = {0};
    int64_t number = 0;
    int r = handle_socket_accept(&call, listener, (struct window){(uint8_t *)&peer, sizeof(peer)},
                                 &number);

    if (r == 0) {
        *ret_accepted = find(number);
        assert_int_equal(peer.family, WIRE_INET);
    }
    return r;
}

static struct handle *pair(int *ret_outside) {
    struct handle *listener = open_listener(), *accepted = NULL;

    *ret_outside = connect_outside(listener);
    turn();
    assert_int_equal(accept_one(listener, &accepted), 0);
    handle_free(listener);
    return accepted;
}

static int receive(struct handle *handle, size_t size, int64_t *ret_size) {
    static uint8_t data[1 << 16];

    return handle_socket_recv(&call, handle, (struct window){data, size}, ret_size);
}

// -- streams -------------------------------------------------------------------------------------

static void test_open_stream_is_as_poll_has_it(void **state) {
    struct handle *handle = open_socket(SOCKET_OPEN_TYPE_STREAM);
    int64_t size;

    assert_int_equal(ready(handle), WIRE_READABLE | WIRE_WRITABLE | WIRE_HANGUP);
    assert_int_equal(receive(handle, 1, &size), ENOTCONN);
    assert_int_equal(handle_socket_listen(&call, handle, 1), EINVAL); /* unbound */
    handle_free(handle);
}

static void test_accept_readable_until_none_waits(void **state) {
    struct handle *listener = open_listener(), *accepted = NULL;
    int outside[2];

    turn();
    assert_int_equal(ready(listener), 0);
    assert_int_equal(accept_one(listener, &accepted), EAGAIN);
    outside[0] = connect_outside(listener);
    outside[1] = connect_outside(listener);
    turn();
    assert_int_equal(ready(listener), WIRE_READABLE);
    assert_int_equal(accept_one(listener, &accepted), 0);
    assert_int_equal(ready(accepted), WIRE_WRITABLE);
    assert_int_equal(ready(listener), WIRE_READABLE);
    assert_int_equal(handle_socket_listen(&call, listener, 8), 0); /* loses nothing */
    assert_int_equal(ready(listener), WIRE_READABLE);
    assert_int_equal(accept_one(listener, &accepted), 0);
    assert_int_equal(ready(listener), 0);
    (void)close(outside[0]);
    (void)close(outside[1]);
}

static void test_recv_less_than_asked_clears_readable(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = pair(&outside);

    assert_int_equal(send(outside, "12345", 5, 0), 5);
    turn();
    assert_true(ready(handle) & WIRE_READABLE);
    assert_int_equal(receive(handle, 0, &size), 0);
    assert_int_equal(size, 0);
    assert_int_equal(receive(handle, 3, &size), 0);
    assert_int_equal(size, 3);
    assert_true(ready(handle) & WIRE_READABLE);
    assert_int_equal(receive(handle, 3, &size), 0);
    assert_int_equal(size, 2);
    assert_false(ready(handle) & WIRE_READABLE);
    assert_int_equal(receive(handle, 3, &size), EAGAIN);
    assert_int_equal(send(outside, "6", 1, 0), 1);
    turn();
    assert_true(ready(handle) & WIRE_READABLE);
    (void)close(outside);
}

// Data and end in one event: the end must be found without another.
static void test_recv_end_stays_readable(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = pair(&outside);

    assert_int_equal(send(outside, "12345", 5, 0), 5);
    assert_int_equal(shutdown(outside, SHUT_WR), 0);
    turn();
    assert_int_equal(receive(handle, 100, &size), 0);
    assert_int_equal(size, 5);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ready(handle), WIRE_READABLE | WIRE_WRITABLE);
        assert_int_equal(receive(handle, 100, &size), 0);
        assert_int_equal(size, 0);
    }
    (void)close(outside);
}

static void test_send_until_full_clears_writable(void **state) {
    static uint8_t data[1 << 16];
    int64_t size = 0;
    int outside, r;
    struct handle *handle = pair(&outside);
    struct bytes bytes = {data, sizeof(data)};

    while ((r = handle_socket_send(&call, handle, bytes, &size)) == 0) {
        continue;
    }
    assert_int_equal(r, EAGAIN);
    assert_false(ready(handle) & WIRE_WRITABLE);
    turn();
    assert_false(ready(handle) & WIRE_WRITABLE);
    assert_int_equal(fcntl(outside, F_SETFL, O_NONBLOCK), 0);
    for (int i = 0; i < 20 && !(ready(handle) & WIRE_WRITABLE); i++) {
        while (recv(outside, data, sizeof(data), 0) > 0) {
            continue;
        }
        turn();
    }
    assert_true(ready(handle) & WIRE_WRITABLE);
    (void)close(outside);
    turn();
    while ((r = handle_socket_send(&call, handle, bytes, &size)) == 0) {
        turn();
    }
    assert_true(r == EPIPE || r == ECONNRESET); /* and no SIGPIPE */
}

static void test_reset_told_once(void **state) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    int64_t size = 0;
    int outside;
    struct handle *handle = pair(&outside);

    assert_int_equal(setsockopt(outside, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    (void)close(outside);
    turn();
    assert_int_equal(ready(handle), WIRE_READABLE | WIRE_WRITABLE | WIRE_ERROR | WIRE_HANGUP);
    assert_int_equal(receive(handle, 1, &size), ECONNRESET);
    assert_false(ready(handle) & WIRE_ERROR);
    assert_int_equal(receive(handle, 1, &size), 0);
    assert_int_equal(size, 0);
}

static void test_connect_clears_until_done(void **state) {
    struct handle *listener = open_listener(), *client = open_socket(SOCKET_OPEN_TYPE_STREAM);
    struct wire_address address = name_of(listener), nobody = loopback(1, 1);
    int64_t error = 0;

    assert_int_equal(permit_socket_connect(&call, client, address), 0);
    assert_int_equal(handle_socket_connect(&call, client, nobody), EINPROGRESS);
    turn();
    assert_true(ready(client) & WIRE_WRITABLE);
    assert_int_equal(handle_socket_getopt(&call, client, SOCKET_GETOPT_OPTION_ERROR, &error), 0);
    assert_int_equal(error, ECONNREFUSED);
    assert_false(ready(client) & WIRE_ERROR);
    handle_free(client);

    client = open_socket(SOCKET_OPEN_TYPE_STREAM);
    assert_int_equal(handle_socket_connect(&call, client, address), EINPROGRESS);
    turn();
    assert_int_equal(ready(client), WIRE_WRITABLE);
    assert_int_equal(handle_socket_connect(&call, client, address), 0);
    assert_int_equal(ready(client), WIRE_WRITABLE); /* which no event tells again */
    assert_int_equal(handle_socket_connect(&call, client, address), EISCONN);
}

static void test_accept_without_handles_waits_for_one(void **state) {
    struct handle *listener = open_listener(), *held[QUOTA] = {NULL}, *accepted = NULL;
    int outside = connect_outside(listener);

    for (size_t i = 0; i < QUOTA - 1; i++) {
        held[i] = open_socket(SOCKET_OPEN_TYPE_DGRAM);
    }
    turn();
    assert_int_equal(ready(listener), WIRE_READABLE);
    assert_int_equal(accept_one(listener, &accepted), EMFILE);
    assert_int_equal(ready(listener), 0);
    turn();
    assert_int_equal(ready(listener), 0);
    handle_free(held[0]);
    assert_int_equal(ready(listener), WIRE_READABLE);
    assert_int_equal(accept_one(listener, &accepted), 0);

    /* a starving listener may itself be what is closed */
    (void)close(connect_outside(listener));
    turn();
    assert_int_equal(accept_one(listener, &accepted), EMFILE);
    handle_free(listener);
    handle_free(held[1]);
    (void)close(outside);
}

// -- datagrams -----------------------------------------------------------------------------------

static struct handle *open_bound_datagram(void) {
    struct handle *handle = open_socket(SOCKET_OPEN_TYPE_DGRAM);

    assert_int_equal(handle_socket_bind(&call, handle, loopback(1, 0)), 0);
    return handle;
}

static int send_to(struct handle *handle, struct wire_address address) {
    struct bytes data = {(const uint8_t *)"data", 4};
    int64_t size = 0;

    return handle_socket_sendto(&call, handle, data, address, &size);
}

static int receive_from(struct handle *handle, struct wire_address *ret_sender) {
    uint8_t data[16];
    int64_t size = 0;

    return handle_socket_recvfrom(&call, handle, (struct window){data, sizeof(data)},
                                  (struct window){(uint8_t *)ret_sender, sizeof(*ret_sender)},
                                  &size);
}

static void test_answering_needs_no_grant(void **state) {
    struct handle *server = open_bound_datagram(), *client = open_bound_datagram();
    struct wire_address address = name_of(client), sender;
    struct bytes data = {(const uint8_t *)"data", 4};

    assert_int_equal(permit_socket_sendto(&call, server, data, address), EACCES);
    assert_non_null(strstr(app.refusal, "connect to udp 127.0.0.1:"));
    assert_int_equal(send_to(client, name_of(server)), 0);
    turn();
    assert_int_equal(receive_from(server, &sender), 0);
    assert_int_equal(permit_socket_sendto(&call, server, data, sender), 0);
    sender.port ^= 1;
    assert_int_equal(permit_socket_sendto(&call, server, data, sender), EACCES);
}

// More senders than are remembered, each at an address of its own.
static void test_peers_oldest_forgotten(void **state) {
    struct handle *server = open_bound_datagram();
    struct wire_address address = name_of(server), sender = {0};
    struct bytes data = {(const uint8_t *)"data", 4};

    for (uint8_t i = 10; i < 250; i++) {
        struct handle *client = open_socket(SOCKET_OPEN_TYPE_DGRAM);

        assert_int_equal(handle_socket_bind(&call, client, loopback(i, 20000)), 0);
        assert_int_equal(send_to(client, address), 0);
        assert_int_equal(receive_from(server, &sender), 0);
        assert_int_equal(sender.host[3], i);
        handle_free(client);
    }
    assert_int_equal(permit_socket_sendto(&call, server, data, loopback(249, 20000)), 0);
    assert_int_equal(permit_socket_sendto(&call, server, data, loopback(249 - 63, 20000)), 0);
    assert_int_equal(permit_socket_sendto(&call, server, data, loopback(249 - 64, 20000)), EACCES);
    assert_int_equal(permit_socket_sendto(&call, server, data, loopback(10, 20000)), EACCES);
}

static void test_unbound_hears_only_whom_it_may_send_to(void **state) {
    struct handle *asker = open_socket(SOCKET_OPEN_TYPE_DGRAM);
    struct handle *stranger = open_bound_datagram(), *friend = open_socket(SOCKET_OPEN_TYPE_DGRAM);
    struct wire_address local, sender = {0};

    assert_int_equal(handle_socket_bind(&call, friend, loopback(2, 0)), 0);
    assert_int_equal(send_to(asker, name_of(friend)), 0);
    local = name_of(asker);
    local.host[0] = 127;
    local.host[3] = 1;
    assert_int_equal(send_to(stranger, local), 0);
    assert_int_equal(send_to(friend, local), 0);
    assert_int_equal(send_to(stranger, local), 0);
    turn();
    assert_int_equal(receive_from(asker, &sender), 0);
    assert_int_equal(sender.host[3], 2);
    assert_int_equal(receive_from(asker, &sender), EAGAIN);
    assert_false(ready(asker) & WIRE_READABLE);
}

// -- what is refused and what is left ------------------------------------------------------------

static void test_refusals_say_why(void **state) {
    struct handle *handle = open_socket(SOCKET_OPEN_TYPE_STREAM);

    assert_int_equal(permit_socket_bind(&call, handle, loopback(1, 80)), EACCES);
    assert_non_null(strstr(app.refusal, "listen on tcp 127.0.0.1:80: no grant matches"));
    assert_int_equal(permit_socket_connect(&call, handle, loopback(3, 80)), EACCES);
    assert_non_null(strstr(app.refusal, "connect to tcp 127.0.0.3:80: no grant matches"));
}

static unsigned count_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(folder);
    while (readdir(folder)) {
        n++;
    }
    (void)closedir(folder);
    return n;
}

static void test_reap_closes_everything(void **state) {
    unsigned before = count_descriptors();
    struct handle *listener = open_listener();
    int outside = connect_outside(listener);
    struct handle *accepted = NULL;

    turn();
    assert_int_equal(accept_one(listener, &accepted), 0);
    (void)open_bound_datagram();
    assert_true(count_descriptors() > before + 3);
    handles_reap(app.handles);
    assert_int_equal(count_descriptors(), before + 1);
    (void)close(outside);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open_stream_is_as_poll_has_it, setup, teardown),
        cmocka_unit_test_setup_teardown(test_accept_readable_until_none_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recv_less_than_asked_clears_readable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_recv_end_stays_readable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_send_until_full_clears_writable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reset_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_connect_clears_until_done, setup, teardown),
        cmocka_unit_test_setup_teardown(test_accept_without_handles_waits_for_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_answering_needs_no_grant, setup, teardown),
        cmocka_unit_test_setup_teardown(test_peers_oldest_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unbound_hears_only_whom_it_may_send_to, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_refusals_say_why, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reap_closes_everything, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

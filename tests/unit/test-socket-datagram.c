// SPDX-License-Identifier: MIT
// Datagrams, refusals, and what is left of sockets.
#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/dispatch/handle.h"
#include "tests/unit/socket-fixture.h"

static struct handle *open_bound_datagram(void) {
    struct handle *handle = socket_make(SOCKET_OPEN_TYPE_DGRAM);

    assert_int_equal(handle_socket_bind(&socket_call, handle, socket_loopback(1, 0)), 0);
    return handle;
}

static int send_to(struct handle *handle, struct wire_address address) {
    struct bytes data = {(const uint8_t *)"data", 4};
    int64_t size = 0;

    return handle_socket_sendto(&socket_call, handle, data, address, &size);
}

static int receive_from(struct handle *handle, struct wire_address *ret_sender) {
    uint8_t data[16];
    int64_t size = 0;

    return handle_socket_recvfrom(&socket_call, handle, (struct window){data, sizeof(data)},
                                  (struct window){(uint8_t *)ret_sender, sizeof(*ret_sender)},
                                  &size);
}

static void test_answering_needs_no_grant(void **state) {
    struct handle *server = open_bound_datagram(), *client = open_bound_datagram();
    struct wire_address address = socket_local(client), sender;
    struct bytes data = {(const uint8_t *)"data", 4};

    assert_int_equal(permit_socket_sendto(&socket_call, server, data, address), EACCES);
    assert_non_null(strstr(socket_app.refusal, "connect to udp 127.0.0.1:"));
    assert_int_equal(send_to(client, socket_local(server)), 0);
    socket_turn();
    assert_int_equal(receive_from(server, &sender), 0);
    assert_int_equal(permit_socket_sendto(&socket_call, server, data, sender), 0);
    sender.port ^= 1;
    assert_int_equal(permit_socket_sendto(&socket_call, server, data, sender), EACCES);
}

// Nobody on this machine gets answers from a server for the network, unless a grant says so.
static void test_answering_this_machine_needs_a_grant(void **state) {
    struct handle *server = socket_make(SOCKET_OPEN_TYPE_DGRAM), *client = open_bound_datagram();
    struct handle *granted = socket_make(SOCKET_OPEN_TYPE_DGRAM);
    struct wire_address everywhere = {.family = WIRE_INET}, address, sender;
    struct bytes data = {(const uint8_t *)"data", 4};

    assert_int_equal(handle_socket_bind(&socket_call, server, everywhere), 0);
    assert_int_equal(handle_socket_bind(&socket_call, granted, socket_loopback(2, 0)), 0);
    address = socket_loopback(1, socket_local(server).port);
    assert_int_equal(send_to(client, address), 0);
    assert_int_equal(send_to(granted, address), 0);
    socket_turn();
    assert_int_equal(receive_from(server, &sender), 0);
    assert_int_equal(permit_socket_sendto(&socket_call, server, data, sender), EACCES);
    assert_int_equal(receive_from(server, &sender), 0);
    assert_int_equal(permit_socket_sendto(&socket_call, server, data, sender), 0);
}

// More senders than are remembered, each at an address of its own.
static void test_peers_oldest_forgotten(void **state) {
    struct handle *server = open_bound_datagram();
    struct wire_address address = socket_local(server), sender = {0};
    struct bytes data = {(const uint8_t *)"data", 4};

    for (uint8_t i = 10; i < 250; i++) {
        struct handle *client = socket_make(SOCKET_OPEN_TYPE_DGRAM);

        assert_int_equal(handle_socket_bind(&socket_call, client, socket_loopback(i, 20000)), 0);
        assert_int_equal(send_to(client, address), 0);
        assert_int_equal(receive_from(server, &sender), 0);
        assert_int_equal(sender.host[3], i);
        handle_free(client);
    }
    assert_int_equal(permit_socket_sendto(&socket_call, server, data, socket_loopback(249, 20000)),
                     0);
    assert_int_equal(
        permit_socket_sendto(&socket_call, server, data, socket_loopback(249 - 63, 20000)), 0);
    assert_int_equal(
        permit_socket_sendto(&socket_call, server, data, socket_loopback(249 - 64, 20000)), EACCES);
    assert_int_equal(permit_socket_sendto(&socket_call, server, data, socket_loopback(10, 20000)),
                     EACCES);
}

static void test_unbound_hears_only_whom_it_may_send_to(void **state) {
    struct handle *asker = socket_make(SOCKET_OPEN_TYPE_DGRAM);
    struct handle *stranger = open_bound_datagram(), *friend = socket_make(SOCKET_OPEN_TYPE_DGRAM);
    struct wire_address local, sender = {0};

    assert_int_equal(handle_socket_bind(&socket_call, friend, socket_loopback(2, 0)), 0);
    assert_int_equal(send_to(asker, socket_local(friend)), 0);
    local = socket_local(asker);
    local.host[0] = 127;
    local.host[3] = 1;
    assert_int_equal(send_to(stranger, local), 0);
    assert_int_equal(send_to(friend, local), 0);
    assert_int_equal(send_to(stranger, local), 0);
    socket_turn();
    assert_int_equal(receive_from(asker, &sender), 0);
    assert_int_equal(sender.host[3], 2);
    assert_int_equal(receive_from(asker, &sender), EAGAIN);
    assert_false(socket_ready(asker) & WIRE_READABLE);
}

// The window is the worker's to read at any moment, whatever the call returns.
static void test_unheard_never_in_the_window(void **state) {
    struct handle *asker = socket_make(SOCKET_OPEN_TYPE_DGRAM), *stranger = open_bound_datagram();
    struct handle *friend = socket_make(SOCKET_OPEN_TYPE_DGRAM);
    static const uint8_t untouched[16];
    uint8_t data[16] = {0};
    struct window window = {data, sizeof(data)};
    struct wire_address local;
    int64_t size = 0;

    assert_int_equal(handle_socket_bind(&socket_call, friend, socket_loopback(2, 0)), 0);
    assert_int_equal(send_to(asker, socket_local(friend)), 0); /* which gives it a port */
    local = socket_loopback(1, socket_local(asker).port);
    assert_int_equal(send_to(stranger, local), 0);
    socket_turn();
    assert_int_equal(handle_socket_recv(&socket_call, asker, window, &size), EAGAIN);
    assert_memory_equal(data, untouched, sizeof(data));

    assert_int_equal(send_to(friend, local), 0);
    socket_turn();
    assert_int_equal(handle_socket_recv(&socket_call, asker, window, &size), 0);
    assert_int_equal(size, 4);
    assert_memory_equal(data, "data", 4);
    assert_memory_equal(data + 4, untouched, sizeof(data) - 4);
}

// -- what is refused and what is left ------------------------------------------------------------

static void test_refusals_say_why(void **state) {
    struct handle *handle = socket_make(SOCKET_OPEN_TYPE_STREAM);

    assert_int_equal(permit_socket_bind(&socket_call, handle, socket_loopback(1, 80)), EACCES);
    assert_non_null(strstr(socket_app.refusal, "listen on tcp 127.0.0.1:80: no grant matches"));
    assert_int_equal(permit_socket_connect(&socket_call, handle, socket_loopback(3, 80)), EACCES);
    assert_non_null(strstr(socket_app.refusal, "connect to tcp 127.0.0.3:80: no grant matches"));
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
    struct handle *listener = socket_make_listener();
    int outside = socket_connect_outside(listener);
    struct handle *accepted = NULL;

    socket_turn();
    assert_int_equal(socket_accept_one(listener, &accepted), 0);
    (void)open_bound_datagram();
    assert_true(count_descriptors() > before + 3);
    handles_reap(socket_app.handles);
    assert_int_equal(count_descriptors(), before + 1);
    (void)close(outside);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answering_needs_no_grant, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_answering_this_machine_needs_a_grant, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_peers_oldest_forgotten, socket_setup, socket_teardown),
        cmocka_unit_test_setup_teardown(test_unbound_hears_only_whom_it_may_send_to, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_unheard_never_in_the_window, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_refusals_say_why, socket_setup, socket_teardown),
        cmocka_unit_test_setup_teardown(test_reap_closes_everything, socket_setup, socket_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

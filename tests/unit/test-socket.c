// SPDX-License-Identifier: MIT
// Streams: what a handler does to readiness, and what the loop then tells.
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/dispatch/handle.h"
#include "tests/unit/socket-fixture.h"

static int receive(struct handle *handle, size_t size, int64_t *ret_size) {
    static uint8_t data[1 << 16];

    return handle_socket_recv(&socket_call, handle, (struct window){data, size}, ret_size);
}

static void test_open_stream_is_as_poll_has_it(void **state) {
    struct handle *handle = socket_make(SOCKET_OPEN_TYPE_STREAM);
    int64_t size;

    assert_int_equal(socket_ready(handle), WIRE_READABLE | WIRE_WRITABLE | WIRE_HANGUP);
    assert_int_equal(receive(handle, 1, &size), ENOTCONN);
    assert_int_equal(handle_socket_listen(&socket_call, handle, 1), EINVAL); /* unbound */
    handle_free(handle);
}

static void test_accept_readable_until_none_waits(void **state) {
    struct handle *listener = socket_make_listener(), *accepted = NULL;
    int outside[2];

    socket_turn();
    assert_int_equal(socket_ready(listener), 0);
    assert_int_equal(socket_accept_one(listener, &accepted), EAGAIN);
    outside[0] = socket_connect_outside(listener);
    outside[1] = socket_connect_outside(listener);
    socket_turn();
    assert_int_equal(socket_ready(listener), WIRE_READABLE);
    assert_int_equal(socket_accept_one(listener, &accepted), 0);
    assert_int_equal(socket_ready(accepted), WIRE_WRITABLE);
    assert_int_equal(socket_ready(listener), WIRE_READABLE);
    assert_int_equal(handle_socket_listen(&socket_call, listener, 8), 0); /* loses nothing */
    assert_int_equal(socket_ready(listener), WIRE_READABLE);
    assert_int_equal(socket_accept_one(listener, &accepted), 0);
    assert_int_equal(socket_ready(listener), 0);
    (void)close(outside[0]);
    (void)close(outside[1]);
}

static void test_recv_less_than_asked_clears_readable(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = socket_make_pair(&outside);

    assert_int_equal(send(outside, "12345", 5, 0), 5);
    socket_turn();
    assert_true(socket_ready(handle) & WIRE_READABLE);
    assert_int_equal(receive(handle, 0, &size), 0);
    assert_int_equal(size, 0);
    assert_int_equal(receive(handle, 3, &size), 0);
    assert_int_equal(size, 3);
    assert_true(socket_ready(handle) & WIRE_READABLE);
    assert_int_equal(receive(handle, 3, &size), 0);
    assert_int_equal(size, 2);
    assert_false(socket_ready(handle) & WIRE_READABLE);
    assert_int_equal(receive(handle, 3, &size), EAGAIN);
    assert_int_equal(send(outside, "6", 1, 0), 1);
    socket_turn();
    assert_true(socket_ready(handle) & WIRE_READABLE);
    (void)close(outside);
}

// Data and end in one event: the end must be found without another.
static void test_recv_end_stays_readable(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = socket_make_pair(&outside);

    assert_int_equal(send(outside, "12345", 5, 0), 5);
    assert_int_equal(shutdown(outside, SHUT_WR), 0);
    socket_turn();
    assert_int_equal(receive(handle, 100, &size), 0);
    assert_int_equal(size, 5);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(socket_ready(handle), WIRE_READABLE | WIRE_WRITABLE);
        assert_int_equal(receive(handle, 100, &size), 0);
        assert_int_equal(size, 0);
    }
    (void)close(outside);
}

static void test_send_until_full_clears_writable(void **state) {
    static uint8_t data[1 << 16];
    int64_t size = 0;
    int outside, r;
    struct handle *handle = socket_make_pair(&outside);
    struct bytes bytes = {data, sizeof(data)};

    while ((r = handle_socket_send(&socket_call, handle, bytes, &size)) == 0) {
        continue;
    }
    assert_int_equal(r, EAGAIN);
    assert_false(socket_ready(handle) & WIRE_WRITABLE);
    socket_turn();
    assert_false(socket_ready(handle) & WIRE_WRITABLE);
    assert_int_equal(fcntl(outside, F_SETFL, O_NONBLOCK), 0);
    for (int i = 0; i < 20 && !(socket_ready(handle) & WIRE_WRITABLE); i++) {
        while (recv(outside, data, sizeof(data), 0) > 0) {
            continue;
        }
        socket_turn();
    }
    assert_true(socket_ready(handle) & WIRE_WRITABLE);
    (void)close(outside);
    socket_turn();
    while ((r = handle_socket_send(&socket_call, handle, bytes, &size)) == 0) {
        socket_turn();
    }
    assert_true(r == EPIPE || r == ECONNRESET); /* and no SIGPIPE */
}

static void test_reset_told_once(void **state) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    int64_t size = 0;
    int outside;
    struct handle *handle = socket_make_pair(&outside);

    assert_int_equal(setsockopt(outside, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    (void)close(outside);
    socket_turn();
    assert_int_equal(socket_ready(handle),
                     WIRE_READABLE | WIRE_WRITABLE | WIRE_ERROR | WIRE_HANGUP);
    assert_int_equal(receive(handle, 1, &size), ECONNRESET);
    assert_false(socket_ready(handle) & WIRE_ERROR);
    assert_int_equal(receive(handle, 1, &size), 0);
    assert_int_equal(size, 0);
}

static void test_connect_clears_until_done(void **state) {
    struct handle *listener = socket_make_listener(),
                  *client = socket_make(SOCKET_OPEN_TYPE_STREAM);
    struct wire_address address = socket_local(listener), nobody = socket_loopback(1, 1);
    int64_t error = 0;

    assert_int_equal(permit_socket_connect(&socket_call, client, address), 0);
    assert_int_equal(handle_socket_connect(&socket_call, client, nobody), EINPROGRESS);
    socket_turn();
    assert_true(socket_ready(client) & WIRE_WRITABLE);
    assert_int_equal(handle_socket_getopt(&socket_call, client, SOCKET_GETOPT_OPTION_ERROR, &error),
                     0);
    assert_int_equal(error, ECONNREFUSED);
    assert_false(socket_ready(client) & WIRE_ERROR);
    handle_free(client);

    client = socket_make(SOCKET_OPEN_TYPE_STREAM);
    assert_int_equal(handle_socket_connect(&socket_call, client, nobody), EINPROGRESS);
    socket_turn();
    assert_true(socket_ready(client) & WIRE_ERROR);
    assert_int_equal(handle_socket_connect(&socket_call, client, nobody), ECONNREFUSED);
    assert_false(socket_ready(client) & WIRE_ERROR); /* which that call took */
    handle_free(client);

    client = socket_make(SOCKET_OPEN_TYPE_STREAM);
    assert_int_equal(handle_socket_connect(&socket_call, client, address), EINPROGRESS);
    socket_turn();
    assert_int_equal(socket_ready(client), WIRE_WRITABLE);
    assert_int_equal(handle_socket_connect(&socket_call, client, address), 0);
    assert_int_equal(socket_ready(client), WIRE_WRITABLE); /* which no event tells again */
    assert_int_equal(handle_socket_connect(&socket_call, client, address), EISCONN);
}

static void test_accept_without_handles_waits_for_one(void **state) {
    struct handle *listener = socket_make_listener(), *held[SOCKET_QUOTA] = {NULL},
                  *accepted = NULL;
    int outside = socket_connect_outside(listener);

    for (size_t i = 0; i < SOCKET_QUOTA - 1; i++) {
        held[i] = socket_make(SOCKET_OPEN_TYPE_DGRAM);
    }
    socket_turn();
    assert_int_equal(socket_ready(listener), WIRE_READABLE);
    assert_int_equal(socket_accept_one(listener, &accepted), EMFILE);
    assert_int_equal(socket_ready(listener), 0);
    socket_turn();
    assert_int_equal(socket_ready(listener), 0);
    handle_free(held[0]);
    assert_int_equal(socket_ready(listener), WIRE_READABLE);
    assert_int_equal(socket_accept_one(listener, &accepted), 0);

    /* a starving listener may itself be what is closed */
    (void)close(socket_connect_outside(listener));
    socket_turn();
    assert_int_equal(socket_accept_one(listener, &accepted), EMFILE);
    handle_free(listener);
    handle_free(held[1]);
    (void)close(outside);
}

// Not for handles but for descriptors, of which the failed accepts free none.
static void test_accept_without_descriptors_waits_for_one(void **state) {
    struct handle *listeners[2] = {socket_make_listener(), socket_make_listener()};
    struct handle *held = socket_make(SOCKET_OPEN_TYPE_DGRAM), *accepted = NULL;
    int outside[2] = {socket_connect_outside(listeners[0]), socket_connect_outside(listeners[1])};
    struct rlimit before, none;

    socket_turn();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(socket_accept_one(listeners[i], &accepted), EMFILE);
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(socket_ready(listeners[0]), 0);
    assert_int_equal(socket_ready(listeners[1]), 0);
    handle_free(held);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(socket_ready(listeners[i]), WIRE_READABLE);
        assert_int_equal(socket_accept_one(listeners[i], &accepted), 0);
        (void)close(outside[i]);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_open_stream_is_as_poll_has_it, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_accept_readable_until_none_waits, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_recv_less_than_asked_clears_readable, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_recv_end_stays_readable, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_send_until_full_clears_writable, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_reset_told_once, socket_setup, socket_teardown),
        cmocka_unit_test_setup_teardown(test_connect_clears_until_done, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_accept_without_handles_waits_for_one, socket_setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_accept_without_descriptors_waits_for_one, socket_setup,
                                        socket_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

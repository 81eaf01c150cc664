// SPDX-License-Identifier: MIT
// A receive that waits for the peer.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/dispatch/handle.h"
#include "tests/unit/socket-fixture.h"

#define TAG 77

static uint8_t data[8];

static int setup(void **state) {
    memset(data, 0, sizeof(data));
    if (socket_setup(state) < 0) {
        return -1;
    }
    socket_app.worker.running = true;
    socket_call.tag = TAG;
    return 0;
}

// As the dispatcher calls it: the call is in flight, and stays so if it completes later.
static int receive(struct handle *handle, int64_t *ret_size) {
    int r;

    socket_app.channel.n_in_flight++;
    r = handle_socket_receive(&socket_call, handle, (struct window){data, sizeof(data)}, ret_size);
    if (r != CALL_LATER) {
        socket_app.channel.n_in_flight--;
    }
    return r;
}

// The completions so far, of which the last is of TAG with RESULT.
static void assert_completed(uint32_t n, int64_t result) {
    const struct channel *channel = &socket_app.channel;
    const struct wire_completion *last = &channel->completions[n - 1];

    assert_int_equal(channel->completion_tail, n);
    assert_int_equal(last->tag, TAG);
    assert_int_equal(last->result, result);
    assert_int_equal(channel->n_in_flight, 0);
}

static void test_receive_of_what_is_there_does_not_wait(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = socket_make_pair(&outside);

    assert_int_equal(send(outside, "12345", 5, 0), 5);
    socket_turn();
    assert_int_equal(receive(handle, &size), 0);
    assert_int_equal(size, 5);
    assert_memory_equal(data, "12345", 5);
    (void)close(outside);
}

static void test_receive_waits_for_bytes_and_wakes(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = socket_make_pair(&outside);
    uint32_t generation = socket_app.channel.readiness_generation;

    assert_int_equal(receive(handle, &size), CALL_LATER);
    assert_int_equal(receive(handle, &size), EALREADY);
    socket_turn();
    assert_int_equal(socket_app.channel.completion_tail, 0);
    assert_int_equal(send(outside, "123", 3, 0), 3);
    socket_turn();
    assert_completed(1, 3);
    assert_memory_equal(data, "123", 3);
    assert_false(socket_ready(handle) & WIRE_READABLE); /* it was all */
    assert_int_not_equal(socket_app.channel.readiness_generation, generation);
    assert_int_equal(receive(handle, &size), CALL_LATER); /* and again */
    assert_int_equal(shutdown(outside, SHUT_WR), 0);
    socket_turn();
    assert_completed(2, 0); /* the end */
    (void)close(outside);
}

static void test_receive_ends_with_its_socket(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = socket_make_pair(&outside);

    assert_int_equal(receive(handle, &size), CALL_LATER);
    handle_free(handle);
    assert_completed(1, -ECANCELED);
    (void)close(outside);
}

static void test_receive_cancelled_takes_nothing(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = socket_make_pair(&outside);

    assert_int_equal(receive(handle, &size), CALL_LATER);
    assert_int_equal(app_cancel(&socket_app, TAG), 0);
    assert_int_equal(send(outside, "123", 3, 0), 3);
    socket_turn();
    assert_completed(1, -ECANCELED);
    assert_int_equal(data[0], 0);
    assert_true(socket_ready(handle) & WIRE_READABLE);
    assert_int_equal(receive(handle, &size), 0);
    assert_int_equal(size, 3);
    (void)close(outside);
}

static void test_receive_after_a_cancelled_one_waits_anew(void **state) {
    int64_t size = 0;
    int outside;
    struct handle *handle = socket_make_pair(&outside);

    assert_int_equal(receive(handle, &size), CALL_LATER);
    assert_int_equal(app_cancel(&socket_app, TAG), 0);
    assert_int_equal(receive(handle, &size), CALL_LATER);
    assert_int_equal(send(outside, "123", 3, 0), 3);
    socket_turn();
    assert_completed(2, 3);
    (void)close(outside);
}

static void test_receive_of_the_unconnected_is_refused(void **state) {
    struct handle *listener = socket_make_listener();
    int64_t size = 0;

    assert_int_equal(receive(listener, &size), EOPNOTSUPP);
    assert_int_equal(receive(socket_make(SOCKET_OPEN_TYPE_DGRAM), &size), EOPNOTSUPP);
    assert_int_equal(receive(socket_make(SOCKET_OPEN_TYPE_STREAM), &size), ENOTCONN);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_receive_of_what_is_there_does_not_wait, setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_receive_waits_for_bytes_and_wakes, setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_receive_ends_with_its_socket, setup, socket_teardown),
        cmocka_unit_test_setup_teardown(test_receive_cancelled_takes_nothing, setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_receive_after_a_cancelled_one_waits_anew, setup,
                                        socket_teardown),
        cmocka_unit_test_setup_teardown(test_receive_of_the_unconnected_is_refused, setup,
                                        socket_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
// Upcalls to a worker that does not consume its ring: none is lost, the newest of a kind counts.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call/channel.h"
#include "daemon/dispatch/upcall.h"

static struct channel channel;
static struct upcalls upcalls;

static int setup(void **state) {
    upcalls = (struct upcalls){0};
    return channel_init(&channel) < 0 || channel_resize(&channel, WIRE_ARENA_MIN) < 0 ? -1 : 0;
}

static int teardown(void **state) {
    channel_done(&channel);
    return 0;
}

static void fill(void) {
    while (channel_upcall(&channel, WIRE_UPCALL_STOP, 77, 0) == 0) {
    }
}

static const struct wire_completion *last(void) {
    return &channel.completions[(channel.completion_tail - 1) % WIRE_COMPLETIONS];
}

static void test_post_room_goes_out_at_once(void **state) {
    upcall_post(&upcalls, &channel, WIRE_UPCALL_STOP, 3, WIRE_STOP);
    assert_int_equal(channel.completion_tail, 1);
    assert_int_equal(last()->kind, WIRE_UPCALL_STOP);
    assert_int_equal(last()->tag, 3);
    assert_int_equal(last()->result, WIRE_STOP);
    upcalls_retry(&upcalls, &channel);
    assert_int_equal(channel.completion_tail, 1);
}

static void test_post_no_room_goes_out_once_there_is_some(void **state) {
    fill();
    upcall_post(&upcalls, &channel, WIRE_UPCALL_STOP, 3, WIRE_STOP);
    upcalls_retry(&upcalls, &channel);
    assert_int_equal(channel.completion_tail, WIRE_UPCALLS);
    channel.header->completion_head = 1;
    upcalls_retry(&upcalls, &channel);
    assert_int_equal(channel.completion_tail, WIRE_UPCALLS + 1);
    assert_int_equal(last()->result, WIRE_STOP);
    channel.header->completion_head = WIRE_UPCALLS + 1;
    upcalls_retry(&upcalls, &channel);
    assert_int_equal(channel.completion_tail, WIRE_UPCALLS + 1);
}

static void test_post_again_while_pending_newest_counts(void **state) {
    fill();
    upcall_post(&upcalls, &channel, WIRE_UPCALL_STOP, 3, WIRE_STOP);
    upcall_post(&upcalls, &channel, WIRE_UPCALL_STOP, 4, WIRE_ABORT);
    channel.header->completion_head = WIRE_UPCALLS;
    upcalls_retry(&upcalls, &channel);
    assert_int_equal(channel.completion_tail, WIRE_UPCALLS + 1);
    assert_int_equal(last()->tag, 4);
    assert_int_equal(last()->result, WIRE_ABORT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(post_room_goes_out_at_once),
        TEST(post_no_room_goes_out_once_there_is_some),
        TEST(post_again_while_pending_newest_counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

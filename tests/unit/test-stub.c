// SPDX-License-Identifier: MIT

// The pieces that stubs are made of, one test a type, also of those that no row has yet. The rows
// of the table are tested in test-stub-rows.c.

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "call/calls.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/dispatch/stub.h"
#include "stub-fakes.h"

#define PACK(offset, size) ((uint64_t)(offset) | (uint64_t)(size) << 32)
#define N(array) (sizeof(array) / sizeof((array)[0]))

static uint8_t scratch[STUBS_SCRATCH_SIZE];

static uint8_t *arena(void) {
    return fakes.app.channel.arena;
}

static struct call make_call(uint32_t number) {
    return (struct call){.app = &fakes.app, .row = &call_rows[number], .scratch = scratch};
}

static void put_address(const struct wire_address *address) {
    memcpy(arena(), address, sizeof(*address));
}

static void test_integers_at_their_bounds(void **state) {
    uint32_t u32 = 7;
    int64_t i64 = 7;

    assert_int_equal(stub_u32(UINT32_MAX, 0, UINT32_MAX, &u32), 0);
    assert_int_equal(u32, UINT32_MAX);
    assert_int_equal(stub_u32(5, 5, 5, &u32), 0);
    assert_int_equal(stub_u32(4, 5, 5, &u32), EINVAL);
    assert_int_equal(stub_u32(5 | 1ull << 32, 5, 5, &u32), EINVAL);
    assert_int_equal(u32, 5);
    assert_int_equal(stub_i64((uint64_t)INT64_MIN, INT64_MIN, -1, &i64), 0);
    assert_true(i64 == INT64_MIN);
    assert_int_equal(stub_i64(0, INT64_MIN, -1, &i64), EINVAL);
    assert_int_equal(stub_i64(UINT64_MAX, 0, INT64_MAX, &i64), EINVAL);
    assert_true(i64 == INT64_MIN);
}

static void test_bool_other_than_0_and_1_is_refused(void **state) {
    bool value = false;

    assert_int_equal(stub_bool(1, &value), 0);
    assert_true(value);
    assert_int_equal(stub_bool(2, &value), EINVAL);
    assert_int_equal(stub_bool(1ull << 32, &value), EINVAL);
    assert_true(value);
    assert_int_equal(stub_bool(0, &value), 0);
    assert_false(value);
}

static void test_f64_not_finite_is_refused(void **state) {
    const double bad[] = {NAN, INFINITY, -INFINITY};
    const double good[] = {0.0, -1.5, 1.7976931348623157e308, 4.9e-324};
    double value = 3;
    uint64_t bits = 0;

    for (size_t i = 0; i < N(bad); i++) {
        memcpy(&bits, &bad[i], sizeof(bits));
        assert_int_equal(stub_f64(bits, &value), EINVAL);
        assert_true(value == 3);
    }
    for (size_t i = 0; i < N(good); i++) {
        double received = 3;

        memcpy(&bits, &good[i], sizeof(bits));
        assert_int_equal(stub_f64(bits, &received), 0);
        assert_true(received == good[i]);
    }
}

static void test_text_is_a_private_terminated_copy(void **state) {
    struct call call = make_call(CALL_LOG_WRITE);
    const char *text = NULL;

    memcpy(arena() + 10, "h\xc3\xa4t!", 5);
    assert_int_equal(stub_str(&call, PACK(10, 4), 4, &text), 0);
    memset(arena(), 'x', 64);
    assert_string_equal(text, "h\xc3\xa4t");
    assert_int_equal(stub_str(&call, PACK(0, 0), 4, &text), 0);
    assert_string_equal(text, "");
}

static void test_bytes_are_a_private_copy(void **state) {
    struct call call = make_call(CALL_LOG_WRITE);
    struct bytes first = {0};
    struct bytes second = {0};

    memcpy(arena(), "abc\0def", 7);
    assert_int_equal(stub_bytes(&call, PACK(0, 7), 7, &first), 0);
    assert_int_equal(stub_bytes(&call, PACK(4, 3), 7, &second), 0);
    memset(arena(), 'x', 64);
    assert_int_equal(first.size, 7);
    assert_memory_equal(first.data, "abc\0def", 7);
    assert_int_equal(second.size, 3);
    assert_memory_equal(second.data, "def", 3);
}

static void test_inputs_do_not_overlap(void **state) {
    struct call call = make_call(CALL_LOG_WRITE);
    const char *text = NULL;
    struct bytes bytes = {0};

    memcpy(arena(), "12345678", 8); // its NUL is the ninth byte
    assert_int_equal(stub_str(&call, PACK(0, 8), 8, &text), 0);
    assert_int_equal(stub_bytes(&call, PACK(0, 8), 8, &bytes), 0);
    assert_string_equal(text, "12345678");
    assert_memory_equal(bytes.data, "12345678", 8);
}

static void test_window_is_the_arena_itself(void **state) {
    struct call call = make_call(CALL_LOG_WRITE);
    struct window window = {0};

    assert_int_equal(stub_out(&call, PACK(FAKE_ARENA_SIZE - 8, 8), 8, &window), 0);
    assert_ptr_equal(window.data, arena() + FAKE_ARENA_SIZE - 8);
    assert_int_equal(window.size, 8);
    assert_int_equal(stub_out(&call, PACK(FAKE_ARENA_SIZE, 0), 8, &window), 0);
    assert_int_equal(window.size, 0);
    assert_int_equal(call.scratch_used, 0);
}

static void test_address_with_a_reserved_byte_set_is_refused(void **state) {
    const struct wire_address bad[] = {
        {.family = 0},
        {.family = 1},
        {.family = WIRE_INET | 256},
        {.family = WIRE_INET, .scope = 1},
        {.family = WIRE_INET, .host = {[4] = 1}},
        {.family = WIRE_INET, .host = {[15] = 1}},
    };
    struct wire_address address = {.port = 9};

    for (size_t i = 0; i < N(bad); i++) {
        struct call call = make_call(CALL_SOCKET_BIND);

        put_address(&bad[i]);
        assert_int_equal(stub_address(&call, PACK(0, sizeof(address)), &address), EINVAL);
        assert_int_equal(address.port, 9);
    }
}

static void test_address_of_either_family_is_taken(void **state) {
    const struct wire_address good[] = {
        {.family = WIRE_INET, .port = 80, .host = {127, 0, 0, 1}},
        {.family = WIRE_INET6, .port = 65535, .scope = 7, .host = {0xfe, 0x80, [15] = 1}},
    };

    for (size_t i = 0; i < N(good); i++) {
        struct call call = make_call(CALL_SOCKET_BIND);
        struct wire_address address = {0};

        put_address(&good[i]);
        assert_int_equal(stub_address(&call, PACK(0, sizeof(address)), &address), 0);
        assert_memory_equal(&address, &good[i], sizeof(address));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakes_setup, fakes_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_integers_at_their_bounds),
        TEST(test_bool_other_than_0_and_1_is_refused),
        TEST(test_f64_not_finite_is_refused),
        TEST(test_text_is_a_private_terminated_copy),
        TEST(test_bytes_are_a_private_copy),
        TEST(test_inputs_do_not_overlap),
        TEST(test_window_is_the_arena_itself),
        TEST(test_address_with_a_reserved_byte_set_is_refused),
        TEST(test_address_of_either_family_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

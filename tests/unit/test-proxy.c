// SPDX-License-Identifier: MIT

// The worker's generated functions over a fake of call/caller.c that keeps what it is given.

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "call/proxy.h"

#define ARENA_SIZE 4096u
#define PACK(offset, size) ((uint64_t)(offset) | (uint64_t)(size) << 32)

static struct fake {
    uint8_t arena[ARENA_SIZE];
    size_t used;
    unsigned n_regions;
    unsigned n_calls;
    uint32_t number;
    uint64_t arg[WIRE_ARGS];
    uint8_t received[ARENA_SIZE]; /* the arena when the call was made */
    int64_t result;
    uint8_t fill; /* what the supervisor writes to the whole arena, unless 0 */
} fake;

void *caller_alloc(size_t size) {
    void *region = fake.arena + fake.used;

    if (size > ARENA_SIZE - fake.used) {
        return NULL;
    }
    fake.used += size;
    fake.n_regions++;
    return region;
}

void caller_release(void *region, size_t size) {
    assert_true(fake.n_regions > 0);
    fake.n_regions--;
    fake.used -= size;
    assert_ptr_equal(region, fake.arena + fake.used); // the latest goes first
}

uint64_t caller_pack(const void *region, size_t size) {
    return PACK((const uint8_t *)region - fake.arena, size);
}

int64_t caller_call(uint32_t number, const uint64_t arg[WIRE_ARGS]) {
    fake.n_calls++;
    fake.number = number;
    memcpy(fake.arg, arg, sizeof(fake.arg));
    memcpy(fake.received, fake.arena, sizeof(fake.received));
    if (fake.fill) {
        memset(fake.arena, fake.fill, sizeof(fake.arena));
    }
    return fake.result;
}

static int setup(void **state) {
    fake = (struct fake){0};
    return 0;
}

static int teardown(void **state) {
    return fake.n_regions == 0 && fake.used == 0 ? 0 : -1;
}

static void expect_args(const uint64_t expected[WIRE_ARGS]) {
    assert_int_equal(fake.n_calls, 1);
    assert_memory_equal(fake.arg, expected, sizeof(fake.arg));
}

static void test_values_travel_in_place(void **state) {
    fake.result = 7;
    assert_int_equal(call_channel_wait(UINT32_MAX, -1), 7);
    assert_int_equal(fake.number, CALL_CHANNEL_WAIT);
    expect_args((const uint64_t[WIRE_ARGS]){UINT32_MAX, UINT64_MAX});
}

static void test_f64_travels_bit_by_bit(void **state) {
    struct proxy proxy = {0};
    double value = 0;

    proxy_f64(&proxy, 2, -1.5);
    assert_int_equal(proxy_call(&proxy, CALL_CHANNEL_NOP), 0);
    memcpy(&value, &fake.arg[2], sizeof(value));
    assert_true(value == -1.5);
}

static void test_inputs_are_copied_to_the_arena(void **state) {
    const struct wire_address address = {.family = WIRE_INET, .port = 53, .host = {127, 0, 0, 1}};

    fake.result = 5;
    assert_int_equal(call_socket_sendto(9, "hello", 5, &address), 5);
    expect_args((const uint64_t[WIRE_ARGS]){9, PACK(0, 5), PACK(5, sizeof(address))});
    assert_memory_equal(fake.received, "hello", 5);
    assert_memory_equal(fake.received + 5, &address, sizeof(address));
}

static void test_empty_buffer_packs_as_zero(void **state) {
    assert_int_equal(call_socket_send(9, NULL, 0), 0);
    expect_args((const uint64_t[WIRE_ARGS]){9});
}

static void test_length_says_how_much_comes_back(void **state) {
    uint8_t data[8] = "........";
    uint8_t peer[4] = "....";

    fake.fill = '#';
    fake.result = 3;
    assert_int_equal(call_socket_recvfrom(9, data, sizeof(data), peer, sizeof(peer)), 3);
    assert_memory_equal(data, "###.....", sizeof(data));
    assert_memory_equal(peer, "####", sizeof(peer));
}

static void test_length_beyond_the_buffer_is_cut(void **state) {
    uint8_t data[8] = "........";

    fake.fill = '#';
    fake.result = INT64_MAX;
    assert_true(call_socket_recv(9, data, 7) == INT64_MAX);
    assert_memory_equal(data, "#######.", sizeof(data));
}

static void test_failed_call_leaves_the_buffer_alone(void **state) {
    uint8_t data[8] = "........";

    fake.fill = '#';
    fake.result = -EAGAIN;
    assert_int_equal(call_socket_recv(9, data, sizeof(data)), -EAGAIN);
    assert_memory_equal(data, "........", sizeof(data));
}

static void test_result_that_is_no_length_fills_the_whole_buffer(void **state) {
    uint8_t peer[4] = "....";

    fake.fill = '#';
    fake.result = 1;
    assert_int_equal(call_socket_accept(9, peer, sizeof(peer)), 1);
    assert_memory_equal(peer, "####", sizeof(peer));
}

static void test_buffer_above_the_maximum_is_emsgsize(void **state) {
    static uint8_t data[65537];

    assert_int_equal(call_socket_send(9, data, sizeof(data)), -EMSGSIZE);
    assert_int_equal(call_socket_recv(9, data, sizeof(data)), -EMSGSIZE);
    assert_int_equal(fake.n_calls, 0);
}

static void test_arena_without_room_is_enobufs(void **state) {
    static uint8_t data[ARENA_SIZE];
    const struct wire_address address = {.family = WIRE_INET};

    // The data fits, the address behind it does not: the data's region is given back.
    assert_int_equal(call_socket_sendto(9, data, sizeof(data), &address), -ENOBUFS);
    assert_int_equal(fake.n_calls, 0);
}

// MADE is a call; it must have had this number and these arguments.
#define EXPECT(wanted, made, ...)                                                                  \
    do {                                                                                           \
        fake.n_calls = 0;                                                                          \
        assert_int_equal(made, 0);                                                                 \
        assert_int_equal(fake.number, wanted);                                                     \
        expect_args((const uint64_t[WIRE_ARGS]){__VA_ARGS__});                                     \
    } while (0)

static void test_each_proxy_makes_its_own_call(void **state) {
    const struct wire_address address = {.family = WIRE_INET, .port = 53};
    const uint64_t where = PACK(0, sizeof(address));
    uint8_t data[4] = {0};

    EXPECT(CALL_CHANNEL_NOP, call_channel_nop(), 0);
    EXPECT(CALL_CHANNEL_START, call_channel_start(1, 2), 1, 2);
    EXPECT(CALL_CHANNEL_CANCEL, call_channel_cancel(3), 3);
    EXPECT(CALL_CHANNEL_EXPLAIN, call_channel_explain(data, 4), PACK(0, 4));
    EXPECT(CALL_CHANNEL_EXIT, call_channel_exit(1, 255), 1, 255);
    EXPECT(CALL_LOG_WRITE, call_log_write(3, "text", 4), 3, PACK(0, 4));
    EXPECT(CALL_CLOCK_READ, call_clock_read(1), 1);
    EXPECT(CALL_RANDOM_BYTES, call_random_bytes(data, 4), PACK(0, 4));
    EXPECT(CALL_SOCKET_OPEN, call_socket_open(1, 2), 1, 2);
    EXPECT(CALL_SOCKET_BIND, call_socket_bind(9, &address), 9, where);
    EXPECT(CALL_SOCKET_LISTEN, call_socket_listen(9, 5), 9, 5);
    EXPECT(CALL_SOCKET_CONNECT, call_socket_connect(9, &address), 9, where);
    EXPECT(CALL_SOCKET_SETOPT, call_socket_setopt(9, 1, -1), 9, 1, UINT64_MAX);
    EXPECT(CALL_SOCKET_GETOPT, call_socket_getopt(9, 1), 9, 1);
    EXPECT(CALL_SOCKET_NAME, call_socket_name(9, 1, data, 4), 9, 1, PACK(0, 4));
    EXPECT(CALL_SOCKET_SHUTDOWN, call_socket_shutdown(9, 1), 9, 1);
    EXPECT(CALL_SOCKET_CLOSE, call_socket_close(9), 9);
    EXPECT(CALL_NAME_RESOLVE, call_name_resolve("host", 4, 53, 1, data, 4), PACK(0, 4), 53, 1,
           PACK(4, 4));
}

static void test_secret_leaves_nothing_in_the_arena(void **state) {
    static const uint8_t nothing[ARENA_SIZE];
    char value[64];

    fake.fill = 's';
    fake.result = 5;
    assert_int_equal(call_app_secret("token", 5, value, sizeof(value)), 5);
    assert_memory_equal(value, "sssss", 5);
    assert_memory_equal(fake.arena, nothing, 5);
    assert_memory_equal(fake.arena + 5, nothing, sizeof(value));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_values_travel_in_place),
        TEST(test_each_proxy_makes_its_own_call),
        TEST(test_f64_travels_bit_by_bit),
        TEST(test_inputs_are_copied_to_the_arena),
        TEST(test_empty_buffer_packs_as_zero),
        TEST(test_length_says_how_much_comes_back),
        TEST(test_length_beyond_the_buffer_is_cut),
        TEST(test_failed_call_leaves_the_buffer_alone),
        TEST(test_result_that_is_no_length_fills_the_whole_buffer),
        TEST(test_buffer_above_the_maximum_is_emsgsize),
        TEST(test_arena_without_room_is_enobufs),
        TEST(test_secret_leaves_nothing_in_the_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

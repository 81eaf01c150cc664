// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "call/calls.h"
#include "daemon/record/trace.h"

#define PACK(offset, size) ((uint64_t)(offset) | (uint64_t)(size) << 32)

static void expect(struct wire_submission submission, const void *taken, size_t taken_size,
                   const char *expected) {
    char text[256];

    assert_int_equal(
        trace_format(text, sizeof(text), &submission, taken, taken_size, TRACE_PAYLOADS),
        strlen(expected));
    assert_string_equal(text, expected);
}

static void test_call_without_arguments(void **state) {
    expect((struct wire_submission){.call = CALL_CHANNEL_NOP}, NULL, 0, "channel.nop()");
}

static void test_number_without_a_call(void **state) {
    expect((struct wire_submission){.call = 4096}, NULL, 0, "call 4096");
    expect((struct wire_submission){.call = UINT32_MAX}, NULL, 0, "call 4294967295");
}

static void test_numbers_and_enums(void **state) {
    expect((struct wire_submission){.call = CALL_CHANNEL_WAIT, .arg = {4294967295, (uint64_t)-1}},
           NULL, 0, "channel.wait(generation=4294967295, timeout_usec=-1)");
    expect((struct wire_submission){.call = CALL_SOCKET_OPEN, .arg = {10, 77}}, NULL, 0,
           "socket.open(family=inet6, type=77)");
}

static void test_text_is_quoted_and_shortened(void **state) {
    const uint8_t taken[48] = "say \"hi\"\r\n\\\xc3\xa4 and so on, on, on, on";

    expect((struct wire_submission){.call = CALL_LOG_WRITE, .arg = {6, PACK(0, 9)}}, taken, 16,
           "log.write(level=info, text=\"say \\\"hi\\\"\\r\")");
    expect((struct wire_submission){.call = CALL_LOG_WRITE, .arg = {6, PACK(0, 40)}}, taken, 48,
           "log.write(level=info, text=\"say \\\"hi\\\"\\r\\n\\\\\\xc3\\xa4 and so on, on, on,\""
           "...40 bytes)");
}

static size_t format_names(char text[256], struct wire_submission submission, const void *taken,
                           size_t taken_size) {
    return trace_format(text, 256, &submission, taken, taken_size, TRACE_NAMES);
}

// Without the right to payloads: names and addresses, and of all else how much it was.
static void test_payloads_are_lengths_without_the_right(void **state) {
    const struct wire_address address = {.family = WIRE_INET, .port = 53, .host = {10, 1, 2, 3}};
    uint8_t taken[8 + sizeof(address)] = "abc";
    char text[256];

    memcpy(taken + 8, &address, sizeof(address));
    (void)format_names(text,
                       (struct wire_submission){.call = CALL_SOCKET_SENDTO,
                                                .arg = {7, PACK(64, 3), PACK(0, sizeof(address))}},
                       taken, sizeof(taken));
    assert_string_equal(text, "socket.sendto(socket=7, data=3 bytes, address=10.1.2.3:53)");
    (void)format_names(text,
                       (struct wire_submission){.call = CALL_LOG_WRITE, .arg = {6, PACK(0, 3)}},
                       taken, sizeof(taken));
    assert_string_equal(text, "log.write(level=info, text=3 bytes)");
    (void)format_names(text,
                       (struct wire_submission){.call = CALL_NAME_RESOLVE, .arg = {PACK(0, 3), 53}},
                       taken, sizeof(taken));
    assert_string_equal(text, "name.resolve(host=\"abc\", port=53, family=any, addresses=0 bytes)");
}

static void test_inputs_follow_each_other(void **state) {
    const struct wire_address address = {.family = WIRE_INET, .port = 53, .host = {10, 1, 2, 3}};
    uint8_t taken[8 + sizeof(address)] = "abc";

    memcpy(taken + 8, &address, sizeof(address));
    expect((struct wire_submission){.call = CALL_SOCKET_SENDTO,
                                    .arg = {1025, PACK(64, 3), PACK(0, sizeof(address))}},
           taken, sizeof(taken), "socket.sendto(socket=1025, data=\"abc\", address=10.1.2.3:53)");
}

static void test_inputs_that_were_not_taken_show_their_length(void **state) {
    expect((struct wire_submission){.call = CALL_SOCKET_SENDTO,
                                    .arg = {0, PACK(64, 3), PACK(0, UINT32_MAX)}},
           NULL, 0, "socket.sendto(socket=0, data=3 bytes, address=4294967295 bytes)");
}

static void test_ipv6_address_stands_in_brackets(void **state) {
    const struct wire_address address = {.family = WIRE_INET6, .port = 80, .host = {[15] = 1}};

    expect(
        (struct wire_submission){.call = CALL_SOCKET_BIND, .arg = {1025, PACK(0, sizeof(address))}},
        (const uint8_t *)&address, sizeof(address), "socket.bind(socket=1025, address=[::1]:80)");
}

static void test_window_shows_its_size(void **state) {
    expect((struct wire_submission){.call = CALL_RANDOM_BYTES, .arg = {PACK(8, 16)}}, NULL, 0,
           "random.bytes(data=16 bytes)");
}

static void test_small_buffer_cuts_the_text(void **state) {
    const struct wire_submission submission = {.call = CALL_SOCKET_OPEN, .arg = {2, 1}};
    const char *whole = "socket.open(family=inet, type=stream)";

    for (size_t size = 1; size <= strlen(whole); size++) {
        char text[64];

        memset(text, '~', sizeof(text));
        assert_int_equal(trace_format(text, size, &submission, NULL, 0, TRACE_PAYLOADS), size - 1);
        assert_memory_equal(text, whole, size - 1);
        assert_int_equal(text[size - 1], '\0');
        assert_int_equal(text[size], '~');
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call_without_arguments),
        cmocka_unit_test(test_number_without_a_call),
        cmocka_unit_test(test_numbers_and_enums),
        cmocka_unit_test(test_text_is_quoted_and_shortened),
        cmocka_unit_test(test_payloads_are_lengths_without_the_right),
        cmocka_unit_test(test_inputs_follow_each_other),
        cmocka_unit_test(test_inputs_that_were_not_taken_show_their_length),
        cmocka_unit_test(test_ipv6_address_stands_in_brackets),
        cmocka_unit_test(test_window_shows_its_size),
        cmocka_unit_test(test_small_buffer_cuts_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

// Every argument of every row of the call table, right and wrong. What rows there are comes from
// the generator, so that a new one is tested by being there.

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
#include "daemon/dispatch/handle.h"
#include "daemon/dispatch/stub.h"
#include "daemon/record/trace.h"
#include "stub-fakes.h"

#define UNTOUCHED (-77)
#define PACK(offset, size) ((uint64_t)(offset) | (uint64_t)(size) << 32)
#define N(array) (sizeof(array) / sizeof((array)[0]))
#define NO_KIND 1000u /* of a handle that no call takes */

struct stub_argument {
    enum trace_type type;
    int64_t min, max;
    uint32_t detail; /* kind of a handle, how many values an enum has */
    const uint32_t *values;
};

struct stub_case {
    uint32_t call;
    size_t n_args;
    struct stub_argument args[WIRE_ARGS];
};

#include "call/stub-cases.inc"

static uint8_t scratch[STUBS_SCRATCH_SIZE];

static uint8_t *arena(void) {
    return fakes.app.channel.arena;
}

static struct call make_call(uint32_t number) {
    return (struct call){.app = &fakes.app, .row = &call_rows[number], .scratch = scratch};
}

static uint64_t make_handle(uint32_t kind) {
    struct handle *handle = NULL;

    assert_int_equal(handle_new(&fakes.app, kind, NULL, NULL, &handle), 0);
    return handle_number(handle);
}

static void put_address(const struct wire_address *address) {
    memcpy(arena(), address, sizeof(*address));
}

static const struct wire_address good_address = {
    .family = WIRE_INET, .port = 80, .host = {127, 0, 0, 1}};

// A value that the stub accepts. Buffers are empty, the address is at the start of the arena.
static uint64_t good_value(const struct stub_argument *argument) {
    uint64_t value = 0;
    double number = 1.5;

    switch (argument->type) {
    case TRACE_U32:
        return (uint64_t)argument->min;
    case TRACE_I64:
        return (uint64_t)argument->max;
    case TRACE_BOOL:
        return 1;
    case TRACE_F64:
        memcpy(&value, &number, sizeof(value));
        return value;
    case TRACE_ENUM:
        return argument->values[0];
    case TRACE_HANDLE:
        return make_handle(argument->detail);
    case TRACE_ADDRESS:
        put_address(&good_address);
        return PACK(0, sizeof(good_address));
    case TRACE_STR:
    case TRACE_BYTES:
    case TRACE_OUT:
        break;
    }
    return 0;
}

static struct wire_submission good_submission(const struct stub_case *row) {
    struct wire_submission submission = {.call = row->call};

    for (size_t i = 0; i < row->n_args; i++) {
        submission.arg[i] = good_value(&row->args[i]);
    }
    return submission;
}

static int serve(const struct wire_submission *submission) {
    struct call call = make_call(submission->call);
    int64_t result = UNTOUCHED;
    int r = call.row->serve(&call, submission, &result);

    if (r != 0) {
        assert_int_equal(result, UNTOUCHED);
    }
    fakes.app.worker.broken[0] = '\0';
    return r;
}

static void test_every_row_has_a_case(void **state) {
    size_t n_rows = 0;

    for (uint32_t number = 0; number < CALLS_END; number++) {
        n_rows += call_rows[number].name ? 1 : 0;
    }
    assert_int_equal(n_rows, CALLS_VERSION);
    assert_int_equal(N(stub_cases), CALLS_VERSION);
}

static void test_good_arguments_are_handled(void **state) {
    for (size_t i = 0; i < N(stub_cases); i++) {
        struct wire_submission submission = good_submission(&stub_cases[i]);

        assert_int_equal(serve(&submission), 0);
        assert_int_equal(fakes.n_handled, i + 1);
    }
    assert_true(fakes.n_permitted > 0);
}

static void test_failure_of_the_handler_leaves_no_result(void **state) {
    for (size_t i = 0; i < N(stub_cases); i++) {
        struct wire_submission submission = good_submission(&stub_cases[i]);

        fakes.handle_return = -EIO;
        assert_int_equal(serve(&submission), -EIO);
        assert_int_equal(fakes.n_handled, i + 1);
    }
}

static void test_unused_arguments_break_the_worker(void **state) {
    for (size_t i = 0; i < N(stub_cases); i++) {
        struct wire_submission submission = good_submission(&stub_cases[i]);

        for (size_t j = stub_cases[i].n_args; j < WIRE_ARGS; j++) {
            submission.arg[j] = 1;
            assert_int_equal(serve(&submission), APP_BROKEN);
            submission.arg[j] = 0;
        }
    }
    assert_int_equal(fakes.n_handled, 0);
    assert_int_equal(fakes.n_permitted, 0);
}

static void test_refused_call_is_not_handled(void **state) {
    fakes.permit_return = EACCES;
    for (size_t i = 0; i < N(stub_cases); i++) {
        struct wire_submission submission = good_submission(&stub_cases[i]);
        unsigned n_permitted = fakes.n_permitted;
        unsigned n_handled = fakes.n_handled;
        int r = serve(&submission);

        if (fakes.n_permitted > n_permitted) {
            assert_int_equal(r, EACCES);
            assert_int_equal(fakes.n_handled, n_handled);
        } else {
            assert_int_equal(r, 0);
        }
    }
    assert_true(fakes.n_permitted > 0);
}

// Puts VALUE in the place of one argument of one row: the call must end with EXPECTED, unhandled.
static void expect_bad(const struct stub_case *row, size_t index, uint64_t value, int expected) {
    struct wire_submission submission = good_submission(row);
    int r = 0;

    submission.arg[index] = value;
    r = serve(&submission);
    if (r != expected) {
        fail_msg("%s, argument %zu = 0x%llx: %d instead of %d", call_rows[row->call].name, index,
                 (unsigned long long)value, r, expected);
    }
    assert_int_equal(fakes.n_handled, 0);
    assert_int_equal(fakes.n_permitted, 0);
}

static void try_integer(const struct stub_case *row, size_t index) {
    const struct stub_argument *argument = &row->args[index];

    if (argument->type == TRACE_U32) {
        expect_bad(row, index, 1ull << 32, EINVAL);
        expect_bad(row, index, UINT64_MAX, EINVAL);
        expect_bad(row, index, (uint64_t)argument->max + 1, EINVAL);
        expect_bad(row, index, (uint64_t)argument->min - 1, EINVAL);
        return;
    }
    if (argument->max < INT64_MAX) {
        expect_bad(row, index, (uint64_t)(argument->max + 1), EINVAL);
        expect_bad(row, index, INT64_MAX, EINVAL);
    }
    if (argument->min > INT64_MIN) {
        expect_bad(row, index, (uint64_t)(argument->min - 1), EINVAL);
        expect_bad(row, index, (uint64_t)INT64_MIN, EINVAL);
    }
}

static void try_enum(const struct stub_case *row, size_t index) {
    const struct stub_argument *argument = &row->args[index];
    uint32_t dummy = 0;

    for (uint32_t value = 0; value < 300; value++) {
        if (stub_enum(value, argument->values, argument->detail, &dummy) != 0) {
            expect_bad(row, index, value, EINVAL);
        }
    }
    for (uint32_t i = 0; i < argument->detail; i++) {
        assert_int_equal(stub_enum(argument->values[i], argument->values, argument->detail, &dummy),
                         0);
        assert_int_equal(dummy, argument->values[i]);
        expect_bad(row, index, argument->values[i] | 1ull << 32, EINVAL);
    }
    expect_bad(row, index, UINT64_MAX, EINVAL);
}

static void try_handle(const struct stub_case *row, size_t index) {
    uint32_t kind = row->args[index].detail;
    uint64_t number = make_handle(kind);

    expect_bad(row, index, 0, EBADF);
    expect_bad(row, index, UINT64_MAX, EBADF);
    expect_bad(row, index, number | 1ull << 32, EBADF);
    expect_bad(row, index, number + (1u << HANDLE_INDEX_BITS), EBADF);
    expect_bad(row, index, make_handle(NO_KIND), EBADF);
    handle_free(handle_find(&fakes.app, number, kind));
    expect_bad(row, index, number, EBADF);
}

static void try_buffer(const struct stub_case *row, size_t index, size_t max) {
    expect_bad(row, index, PACK(0, max + 1), EINVAL);
    expect_bad(row, index, PACK(FAKE_ARENA_SIZE, 1), APP_BROKEN);
    expect_bad(row, index, PACK(FAKE_ARENA_SIZE + 1, 0), APP_BROKEN);
    expect_bad(row, index, PACK(FAKE_ARENA_SIZE - max + 1, max), APP_BROKEN);
    expect_bad(row, index, PACK(1, FAKE_ARENA_SIZE), APP_BROKEN);
    expect_bad(row, index, PACK(UINT32_MAX, 1), APP_BROKEN); // the sum wraps in 32 bits
    expect_bad(row, index, PACK(0, UINT32_MAX), APP_BROKEN);
    expect_bad(row, index, PACK(UINT32_MAX, UINT32_MAX), APP_BROKEN);
}

static void try_text(const struct stub_case *row, size_t index) {
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
    const size_t place = 4096;

    try_buffer(row, index, (size_t)row->args[index].max);
    memcpy(arena() + place, "a\0b", 3);
    expect_bad(row, index, PACK(place, 3), EINVAL);
    expect_bad(row, index, PACK(place, 2), EINVAL);
    for (size_t i = 0; i < N(bad); i++) {
        memcpy(arena() + place, bad[i], strlen(bad[i]));
        expect_bad(row, index, PACK(place, strlen(bad[i])), EINVAL);
    }
}

static void try_address(const struct stub_case *row, size_t index) {
    const size_t size = sizeof(struct wire_address);

    expect_bad(row, index, PACK(0, 0), EINVAL);
    expect_bad(row, index, PACK(0, size - 1), EINVAL);
    expect_bad(row, index, PACK(size, size), EINVAL); // zeroes: no family
    try_buffer(row, index, size);
}

static void try_f64(const struct stub_case *row, size_t index) {
    const double bad[] = {NAN, -NAN, INFINITY, -INFINITY};

    for (size_t i = 0; i < N(bad); i++) {
        uint64_t value = 0;

        memcpy(&value, &bad[i], sizeof(value));
        expect_bad(row, index, value, EINVAL);
    }
}

static void try_argument(const struct stub_case *row, size_t index) {
    switch (row->args[index].type) {
    case TRACE_U32:
    case TRACE_I64:
        try_integer(row, index);
        break;
    case TRACE_BOOL:
        expect_bad(row, index, 2, EINVAL);
        expect_bad(row, index, 1ull << 32, EINVAL);
        break;
    case TRACE_F64:
        try_f64(row, index);
        break;
    case TRACE_ENUM:
        try_enum(row, index);
        break;
    case TRACE_HANDLE:
        try_handle(row, index);
        break;
    case TRACE_STR:
        try_text(row, index);
        break;
    case TRACE_BYTES:
    case TRACE_OUT:
        try_buffer(row, index, (size_t)row->args[index].max);
        break;
    case TRACE_ADDRESS:
        try_address(row, index);
        break;
    }
}

static void test_bad_arguments_are_not_handled(void **state) {
    for (size_t i = 0; i < N(stub_cases); i++) {
        for (size_t j = 0; j < stub_cases[i].n_args; j++) {
            try_argument(&stub_cases[i], j);
            handles_reap(fakes.app.handles);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fakes_setup, fakes_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_every_row_has_a_case),
        TEST(test_good_arguments_are_handled),
        TEST(test_failure_of_the_handler_leaves_no_result),
        TEST(test_unused_arguments_break_the_worker),
        TEST(test_refused_call_is_not_handled),
        TEST(test_bad_arguments_are_not_handled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

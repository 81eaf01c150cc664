// SPDX-License-Identifier: MIT
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "call/channel.h"
#include "daemon/app/app.h"
#include "daemon/dispatch/handle.h"

#define KIND 1u
#define OTHER_KIND 2u
#define QUOTA 8u

static struct app app;
static int object;
static int n_freed;

static void free_object(void *freed) {
    assert_ptr_equal(freed, &object);
    n_freed++;
}

static int setup(void **state) {
    app = (struct app){0};
    n_freed = 0;
    if (channel_init(&app.channel) < 0 || channel_resize(&app.channel, WIRE_ARENA_MIN) < 0 ||
        handles_new(&app, &app.handles) < 0) {
        return -1;
    }
    handles_set_quota(app.handles, QUOTA);
    return 0;
}

static int teardown(void **state) {
    app.handles = handles_free(app.handles);
    channel_done(&app.channel);
    return 0;
}

static struct handle *make(void) {
    struct handle *handle = NULL;

    assert_int_equal(handle_new(&app, KIND, &object, free_object, &handle), 0);
    return handle;
}

static void test_find_open_handle_gives_it(void **state) {
    struct handle *handle = make();

    assert_int_not_equal(handle_number(handle), 0);
    assert_ptr_equal(handle_find(&app, handle_number(handle), KIND), handle);
    assert_ptr_equal(handle_object(handle), &object);
    assert_ptr_equal(handle_app(handle), &app);
}

// Numbers that were never given, near one that was.
static void test_find_forged_number_gives_none(void **state) {
    uint32_t number = handle_number(make());

    assert_null(handle_find(&app, 0, KIND));
    assert_null(handle_find(&app, number + 1, KIND));
    assert_null(handle_find(&app, number + (1u << HANDLE_INDEX_BITS), KIND));
    assert_null(handle_find(&app, number | 1ull << 32, KIND));
    assert_null(handle_find(&app, UINT64_MAX, KIND));
    for (uint64_t index = 0; index < WIRE_HANDLES; index++) {
        assert_null(handle_find(&app, index, KIND));
    }
}

static void test_find_other_kind_gives_none(void **state) {
    uint32_t number = handle_number(make());

    assert_null(handle_find(&app, number, OTHER_KIND));
    assert_null(handle_find(&app, number, 0));
}

static void test_free_twice_finds_it_once(void **state) {
    uint32_t number = handle_number(make());

    handle_free(handle_find(&app, number, KIND));
    assert_int_equal(n_freed, 1);
    assert_null(handle_find(&app, number, KIND));
    handle_free(handle_find(&app, number, KIND)); // as a handler does for a second close
    assert_int_equal(n_freed, 1);
}

// More uses than slots: every slot is reused several times, and no number comes back.
static void test_recycled_number_gives_none(void **state) {
    static uint32_t numbers[4 * WIRE_HANDLES];
    const size_t n = sizeof(numbers) / sizeof(numbers[0]);

    for (size_t i = 0; i < n; i++) {
        struct handle *handle = make();

        numbers[i] = handle_number(handle);
        handle_free(handle);
    }
    (void)make();
    for (size_t i = 0; i < n; i++) {
        assert_int_not_equal(numbers[i], 0);
        assert_null(handle_find(&app, numbers[i], KIND));
        for (size_t j = i + 1; j < n && j < i + 2 * WIRE_HANDLES; j += WIRE_HANDLES) {
            assert_int_not_equal(numbers[i], numbers[j]);
        }
    }
}

static void test_number_of_dead_worker_gives_none(void **state) {
    uint32_t number = handle_number(make());

    handles_reap(app.handles);
    assert_int_equal(n_freed, 1);
    assert_null(handle_find(&app, number, KIND));
    (void)make();
    assert_null(handle_find(&app, number, KIND));
}

static void test_new_above_quota_refused_and_object_kept(void **state) {
    struct handle *handle = NULL;
    struct handle *extra = NULL;

    for (uint32_t i = 0; i < QUOTA; i++) {
        handle = make();
    }
    assert_int_equal(handle_new(&app, KIND, &object, free_object, &extra), EMFILE);
    assert_null(extra);
    assert_int_equal(n_freed, 0);
    handle_free(handle);
    assert_int_equal(handle_new(&app, KIND, &object, free_object, &extra), 0);
}

static void test_quota_never_above_readiness_words(void **state) {
    struct handle *extra = NULL;

    handles_set_quota(app.handles, UINT32_MAX);
    for (uint32_t i = 0; i < WIRE_HANDLES; i++) {
        (void)make();
    }
    assert_int_equal(handle_new(&app, KIND, &object, free_object, &extra), EMFILE);
}

static void test_ready_new_bit_raises_generation(void **state) {
    struct handle *handle = make();
    uint32_t index = handle_number(handle) % WIRE_HANDLES;
    uint32_t generation = app.channel.header->readiness_generation;

    handle_ready(handle, WIRE_READABLE, 0);
    assert_int_equal(app.channel.readiness[index], WIRE_READABLE);
    assert_int_equal(app.channel.header->readiness_generation, generation + 1);
    handle_ready(handle, WIRE_READABLE, 0);
    assert_int_equal(app.channel.header->readiness_generation, generation + 1);
    handle_ready(handle, WIRE_WRITABLE, WIRE_READABLE);
    assert_int_equal(app.channel.readiness[index], WIRE_WRITABLE);
}

static void test_free_clears_readiness(void **state) {
    struct handle *handle = make();
    uint32_t index = handle_number(handle) % WIRE_HANDLES;

    handle_ready(handle, WIRE_READABLE | WIRE_HANGUP, 0);
    handle_free(handle);
    assert_int_equal(app.channel.readiness[index], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(find_open_handle_gives_it),
        TEST(find_forged_number_gives_none),
        TEST(find_other_kind_gives_none),
        TEST(free_twice_finds_it_once),
        TEST(recycled_number_gives_none),
        TEST(number_of_dead_worker_gives_none),
        TEST(new_above_quota_refused_and_object_kept),
        TEST(quota_never_above_readiness_words),
        TEST(ready_new_bit_raises_generation),
        TEST(free_clears_readiness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

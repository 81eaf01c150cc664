// SPDX-License-Identifier: MIT
// The supervisor's end against a worker that writes whatever it likes into the shared memory.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/channel.h"

#define ARENA (64u << 10)

static int setup(void **state) {
    static struct channel channel;

    if (channel_init(&channel) < 0 || channel_resize(&channel, ARENA) < 0) {
        return -1;
    }
    *state = &channel;
    return 0;
}

static int teardown(void **state) {
    channel_done(*state);
    return 0;
}

static void submit(struct channel *channel, uint32_t index, struct wire_submission submission) {
    channel->submissions[index % WIRE_SUBMISSIONS] = submission;
    channel->header->submission_tail = index + 1;
}

static void test_next_empty_ring_gives_none(void **state) {
    struct wire_submission got;

    assert_int_equal(channel_next(*state, &got), 0);
}

static void test_next_order_kept_across_index_wrap(void **state) {
    struct channel *channel = *state;
    struct wire_submission got;

    channel->submission_head = UINT32_MAX - 1;
    channel->header->submission_tail = UINT32_MAX - 1;
    for (uint32_t i = 0; i < 4; i++) {
        submit(channel, UINT32_MAX - 1 + i, (struct wire_submission){.call = i, .tag = 100 + i});
    }
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(channel_next(channel, &got), 1);
        assert_int_equal(got.call, i);
        assert_int_equal(got.tag, 100 + i);
    }
    assert_int_equal(channel_next(channel, &got), 0);
    assert_null(channel->broken);
}

static void test_next_impossible_tail_breaks(void **state) {
    struct channel *channel = *state;
    struct wire_submission got;

    channel->header->submission_tail = WIRE_SUBMISSIONS + 1;
    assert_int_equal(channel_next(channel, &got), 0);
    assert_non_null(channel->broken);
    channel->header->submission_tail = 1;
    assert_int_equal(channel_next(channel, &got), 0);
}

static void test_next_tail_moved_back_breaks(void **state) {
    struct channel *channel = *state;
    struct wire_submission got;

    submit(channel, 0, (struct wire_submission){.call = 1});
    assert_int_equal(channel_next(channel, &got), 1);
    channel->header->submission_tail = 0;
    assert_int_equal(channel_next(channel, &got), 0);
    assert_non_null(channel->broken);
}

static void test_next_more_in_flight_than_slots_breaks(void **state) {
    struct channel *channel = *state;
    struct wire_submission got;

    for (uint32_t i = 0; i < WIRE_SUBMISSIONS; i++) {
        submit(channel, i, (struct wire_submission){.tag = i});
        assert_int_equal(channel_next(channel, &got), 1);
    }
    submit(channel, WIRE_SUBMISSIONS, (struct wire_submission){.tag = 64});
    assert_int_equal(channel_next(channel, &got), 0);
    assert_string_equal(channel->broken, "more calls in flight than slots");
}

static void test_complete_unconsumed_ring_breaks(void **state) {
    struct channel *channel = *state;
    struct wire_submission got;

    for (uint32_t i = 0; i <= WIRE_COMPLETIONS; i++) {
        submit(channel, i, (struct wire_submission){.tag = i});
        assert_int_equal(channel_next(channel, &got), 1);
        channel_complete(channel, got.tag, 0);
    }
    assert_string_equal(channel->broken, "completions not consumed");
}

static void test_complete_lying_head_breaks(void **state) {
    struct channel *channel = *state;
    struct wire_submission got;

    submit(channel, 0, (struct wire_submission){.tag = 9});
    assert_int_equal(channel_next(channel, &got), 1);
    channel->header->completion_head = 5;
    channel_complete(channel, got.tag, 0);
    assert_string_equal(channel->broken, "completion index beyond the ring");
}

static void test_complete_first_reason_stays(void **state) {
    struct channel *channel = *state;
    struct wire_submission got;

    submit(channel, 0, (struct wire_submission){.tag = 9});
    submit(channel, 1, (struct wire_submission){.tag = 10});
    assert_int_equal(channel_next(channel, &got), 1);
    channel->header->submission_tail = 1000;
    assert_int_equal(channel_next(channel, &got), 0);
    channel->header->completion_head = 5;
    channel_complete(channel, 9, 0);
    assert_string_equal(channel->broken, "submission index beyond the ring");
}

static void test_upcall_leaves_room_for_completions(void **state) {
    struct channel *channel = *state;
    uint32_t n = 0;

    while (channel_upcall(channel, WIRE_UPCALL_STOP, n, 0) == 0) {
        n++;
    }
    assert_int_equal(n, WIRE_UPCALLS);
    assert_int_equal(channel_flush(channel), 0);
    assert_int_equal(channel->header->control / WIRE_UPCALL_ONE, n);
    channel->header->completion_head = 1;
    assert_int_equal(channel_upcall(channel, WIRE_UPCALL_STOP, n, 0), 0);
}

// A worker that computes sees the control word, looks into the ring, and not again for the same
// word.
static void test_upcall_is_counted_once_it_is_in_the_ring(void **state) {
    struct channel *channel = *state;
    const struct wire_header *header = channel->header;

    assert_int_equal(channel_upcall(channel, WIRE_UPCALL_PING, 0, 0), 0);
    assert_int_equal(header->control, WIRE_RUN);
    channel_stop(channel, WIRE_STOP); // at once, which does not tell of the upcall
    assert_int_equal(header->control, WIRE_STOP);
    assert_int_equal(channel_flush(channel), 0);
    assert_int_equal(header->completion_tail, 1);
    assert_int_equal(header->control, WIRE_STOP | WIRE_UPCALL_ONE);
    assert_int_equal(channel_upcall(channel, WIRE_UPCALL_PING, 0, 0), 0);
    channel_reset(channel);
    channel->n_in_flight = 1;
    channel_complete(channel, 70, 0);
    assert_int_equal(channel_flush(channel), 0);
    assert_int_equal(header->control, WIRE_RUN);
}

static void test_window_inside_arena_only(void **state) {
    static const struct {
        uint64_t offset, size;
        int result;
    } cases[] = {
        {0, 0, 0},
        {0, ARENA, 0},
        {ARENA, 0, 0},
        {ARENA - 1, 1, 0},
        {ARENA - 1, 2, -EFAULT},
        {ARENA + 1, 0, -EFAULT},
        {0, ARENA + 1, -EFAULT},
        {UINT32_MAX, 1, -EFAULT},
        {1, UINT32_MAX, -EFAULT},
        {UINT32_MAX, UINT32_MAX, -EFAULT},
    };
    struct channel *channel = *state;
    uint8_t *memory = NULL;
    size_t size = 0;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t packed = cases[i].offset | cases[i].size << 32;

        assert_int_equal(channel_window(channel, packed, &memory, &size), cases[i].result);
        if (cases[i].result == 0) {
            assert_ptr_equal(memory, channel->arena + cases[i].offset);
            assert_int_equal(size, cases[i].size);
        }
    }
}

static void test_ready_new_bits_raise_generation(void **state) {
    struct channel *channel = *state;

    assert_true(channel_ready(channel, 3, WIRE_READABLE, 0));
    assert_int_equal(channel->readiness[3], WIRE_READABLE);
    assert_int_equal(channel->header->readiness_generation, 1);
    assert_false(channel_ready(channel, 3, WIRE_READABLE, 0));
    // What the worker scribbles into the table is neither believed nor kept.
    channel->readiness[3] = 0xffffffff;
    assert_true(channel_ready(channel, 3, WIRE_WRITABLE, WIRE_READABLE));
    assert_int_equal(channel->readiness[3], WIRE_WRITABLE);
    assert_int_equal(channel->header->readiness_generation, 2);
}

static void test_memory_size_cannot_change(void **state) {
    struct channel *channel = *state;

    assert_int_equal(ftruncate(channel->memory_fd, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(channel->memory_fd, 64 << 20), -1);
    assert_int_equal(fcntl(channel->memory_fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
}

static void test_reset_leaves_nothing_of_the_last_worker(void **state) {
    struct channel *channel = *state;
    struct wire_submission got;
    uint64_t count = 0;

    submit(channel, 0, (struct wire_submission){.tag = 1});
    assert_int_equal(channel_next(channel, &got), 1);
    memset(channel->arena, 'x', ARENA);
    channel_ready(channel, 1, WIRE_READABLE, 0);
    channel_stop(channel, WIRE_ABORT);
    channel->header->submission_tail = 12345;
    assert_int_equal(doorbell_ring(channel->doorbell_fd), 0);
    channel_reset(channel);
    assert_int_equal(channel_next(channel, &got), 0);
    assert_null(channel->broken);
    assert_int_equal(channel->header->control, WIRE_RUN);
    assert_int_equal(channel->readiness[1], 0);
    assert_int_equal(channel->n_in_flight, 0);
    for (size_t i = 0; i < ARENA; i++) {
        assert_int_equal(channel->arena[i], 0);
    }
    assert_int_equal(read(channel->doorbell_fd, &count, sizeof(count)), -1);
    assert_int_equal(errno, EAGAIN);
}

static bool is_rung(struct channel *channel) {
    struct pollfd rung = {.fd = channel->ring_fd, .events = POLLIN};
    uint64_t count = 0;

    return poll(&rung, 1, 0) == 1 && read(channel->ring_fd, &count, sizeof(count)) > 0;
}

// How a worker sleeps, what is posted then, and whether that is to wake it.
static void test_flush_rings_for_what_the_worker_sleeps_for(void **state) {
    static const struct {
        uint32_t asleep;
        uint32_t tags[2]; /* completed together */
        bool upcall, rings;
    } cases[] = {
        {.asleep = 0, .tags = {70, 71}},
        {.asleep = 0, .tags = {70, 71}, .upcall = true},
        {.asleep = WIRE_ASLEEP, .tags = {70, 71}, .rings = true},
        {.asleep = 70, .tags = {70, 71}, .rings = true},
        {.asleep = 71, .tags = {70, 71}, .rings = true},
        {.asleep = 72, .tags = {70, 71}},
        {.asleep = 72, .tags = {70, 71}, .upcall = true, .rings = true},
    };
    struct channel *channel = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        channel->header->worker_asleep = cases[i].asleep;
        channel->n_in_flight = 2;
        channel_complete(channel, cases[i].tags[0], 0);
        channel_complete(channel, cases[i].tags[1], 0);
        if (cases[i].upcall) {
            assert_int_equal(channel_upcall(channel, WIRE_UPCALL_STOP, 0, 0), 0);
        }
        assert_int_equal(channel_flush(channel), 0);
        assert_int_equal(channel->header->completion_tail, channel->completion_tail);
        assert_int_equal(is_rung(channel), cases[i].rings);
        // What went out before says nothing of the next time.
        channel->n_in_flight = 1;
        channel_complete(channel, 99, 0);
        assert_int_equal(channel_flush(channel), 0);
        assert_int_equal(is_rung(channel), cases[i].asleep == WIRE_ASLEEP);
    }
}

// A full counter, left by a hostile worker, must not stop us.
static void test_ring_full_counter_does_not_block(void **state) {
    struct channel *channel = *state;
    uint64_t full = UINT64_MAX - 1;

    assert_int_equal(write(channel->doorbell_fd, &full, sizeof(full)), sizeof(full));
    assert_int_equal(doorbell_ring(channel->doorbell_fd), 0);
}

static void test_reset_takes_back_what_was_rung(void **state) {
    struct channel *channel = *state;
    const int fds[] = {channel->ring_fd, channel->doorbell_fd};

    for (size_t i = 0; i < 2; i++) {
        struct pollfd rung = {.fd = fds[i], .events = POLLIN};

        assert_int_equal(doorbell_ring(fds[i]), 0);
        assert_int_equal(poll(&rung, 1, 0), 1);
        channel_reset(channel);
        assert_int_equal(poll(&rung, 1, 0), 0);
    }
}

struct flipper {
    volatile uint32_t *length;
    bool stop;
};

static void *flip(void *context) {
    struct flipper *flipper = context;

    while (!__atomic_load_n(&flipper->stop, __ATOMIC_RELAXED)) {
        *flipper->length ^= 0xffff0000u;
    }
    return NULL;
}

// The use and the check of a taken length must see one value, however fast the worker changes it.
static void test_take_flipping_length_is_read_once(void **state) {
    struct channel *channel = *state;
    struct wire_submission *shared = &channel->submissions[0];
    struct flipper flipper = {.length = &shared->call};
    uint64_t n_checked = 0, n_torn = 0;
    pthread_t thread;

    shared->call = 16;
    assert_int_equal(pthread_create(&thread, NULL, flip, &flipper), 0);
    // On a loaded machine the other thread may not have run meanwhile.
    for (int i = 0; i < 3000000 || n_checked == 0; i += i < 3000000) {
        struct wire_submission mine;

        channel_take(&mine, shared, sizeof(mine));
        if (mine.call <= 16) {
            n_checked++;
            // The compiler must look at the copy again here: were it still the shared original,
            // the checked and the used value would differ.
            __asm__ volatile("" ::: "memory");
            n_torn += mine.call != 16;
        }
    }
    __atomic_store_n(&flipper.stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    assert_true(n_checked > 0);
    assert_int_equal(n_torn, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_next_empty_ring_gives_none),
        TEST(test_next_order_kept_across_index_wrap),
        TEST(test_next_impossible_tail_breaks),
        TEST(test_next_tail_moved_back_breaks),
        TEST(test_next_more_in_flight_than_slots_breaks),
        TEST(test_complete_unconsumed_ring_breaks),
        TEST(test_complete_lying_head_breaks),
        TEST(test_complete_first_reason_stays),
        TEST(test_upcall_leaves_room_for_completions),
        TEST(test_upcall_is_counted_once_it_is_in_the_ring),
        TEST(test_window_inside_arena_only),
        TEST(test_ready_new_bits_raise_generation),
        TEST(test_memory_size_cannot_change),
        TEST(test_reset_leaves_nothing_of_the_last_worker),
        TEST(test_flush_rings_for_what_the_worker_sleeps_for),
        TEST(test_ring_full_counter_does_not_block),
        TEST(test_reset_takes_back_what_was_rung),
        TEST(test_take_flipping_length_is_read_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

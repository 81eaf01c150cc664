// SPDX-License-Identifier: MIT
// Both ends of a channel against each other, a thread each: nothing is lost, nothing hangs.
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "call/caller.h"
#include "call/calls.h"
#include "call/channel.h"

#define ARENA (64u << 10)
#define SPIN_NSEC 5000

enum {
    ECHO = 1000, /* completes at once with its argument */
    HOLD = 1001, /* completes when RELEASE or a cancel comes, with its argument */
    RELEASE = 1002,
    UPCALL = 1003, /* posts an upcall about its argument, then completes */
    QUIT = 1004,
};

struct fixture {
    struct channel channel;
    struct wire_kernel_page kernel;
    pthread_t thread;
    uint32_t held[WIRE_SUBMISSIONS];
    int64_t held_result[WIRE_SUBMISSIONS];
    size_t n_held;
    bool jitter; /* sleep, yield and migrate at random */
};

static int64_t n_rounds = 200000;
static uint32_t upcall_tag;
static bool want_cancel;

void caller_on_upcall(uint32_t kind, uint32_t tag, int64_t result) {
    upcall_tag = kind == WIRE_UPCALL_STOP ? tag : 0;
}

int caller_should_cancel(void) {
    bool cancel = want_cancel;

    want_cancel = false;
    return cancel;
}

// Something happens between any two steps: another thread runs, or this one moves.
static void jitter(unsigned *seed) {
    cpu_set_t set;

    switch (rand_r(seed) % 64) {
    case 0:
        usleep(1);
        break;
    case 1:
        CPU_ZERO(&set);
        CPU_SET(rand_r(seed) % 2, &set);
        (void)sched_setaffinity(0, sizeof(set), &set);
        break;
    case 2:
    case 3:
        sched_yield();
        break;
    default:
        break;
    }
}

static void release(struct fixture *f, uint32_t tag, bool all, int64_t result) {
    size_t kept = 0;

    for (size_t i = 0; i < f->n_held; i++) {
        if (all || f->held[i] == tag) {
            channel_complete(&f->channel, f->held[i], all ? f->held_result[i] : result);
        } else {
            f->held[kept] = f->held[i];
            f->held_result[kept++] = f->held_result[i];
        }
    }
    f->n_held = kept;
}

static bool serve(struct fixture *f, const struct wire_submission *s) {
    if (s->call == HOLD) {
        f->held[f->n_held] = s->tag;
        f->held_result[f->n_held++] = (int64_t)s->arg[0];
        return true;
    }
    if (s->call == RELEASE) {
        release(f, 0, true, 0);
    } else if (s->call == CALL_CHANNEL_CANCEL) {
        release(f, (uint32_t)s->arg[0], false, -ECANCELED);
    } else if (s->call == UPCALL) {
        (void)channel_upcall(&f->channel, WIRE_UPCALL_STOP, (uint32_t)s->arg[0], 0);
    }
    channel_complete(&f->channel, s->tag, (int64_t)s->arg[0]);
    return s->call != QUIT;
}

static void *supervise(void *context) {
    struct fixture *f = context;
    struct pollfd doorbell = {.fd = f->channel.doorbell_fd, .events = POLLIN};
    struct wire_submission submission;
    uint64_t count = 0;
    unsigned seed = 1;
    bool go_on = true;

    while (go_on) {
        while (go_on && channel_next(&f->channel, &submission) == 1) {
            go_on = serve(f, &submission);
        }
        (void)channel_flush(&f->channel);
        if (f->jitter) {
            jitter(&seed);
        }
        if (go_on && !channel_pending(&f->channel, SPIN_NSEC)) {
            (void)poll(&doorbell, 1, -1);
            (void)!read(f->channel.doorbell_fd, &count, sizeof(count));
            channel_awake(&f->channel);
        }
    }
    return f->channel.broken ? f : NULL;
}

static int setup(void **state) {
    static struct fixture f;

    f = (struct fixture){
        .kernel = {
            .magic = WIRE_MAGIC, .abi = WIRE_ABI, .arena_size = ARENA, .spin_nsec = SPIN_NSEC}};
    want_cancel = false;
    upcall_tag = 0;
    if (channel_init(&f.channel) < 0 || channel_resize(&f.channel, ARENA) < 0 ||
        caller_attach(f.channel.header, WIRE_CHANNEL_SIZE(ARENA), &f.kernel) < 0) {
        return -1;
    }
    caller.sleep_fd = f.channel.ring_fd;
    caller.ring_fd = f.channel.doorbell_fd;
    *state = &f;
    return 0;
}

static void start(struct fixture *f) {
    assert_int_equal(pthread_create(&f->thread, NULL, supervise, f), 0);
}

static int64_t call(uint32_t number, uint64_t argument) {
    return caller_call(number, (uint64_t[WIRE_ARGS]){argument});
}

static uint32_t submit(uint32_t number, uint64_t argument) {
    return caller_submit(number, (uint64_t[WIRE_ARGS]){argument});
}

static void finish(struct fixture *f) {
    void *broken = NULL;

    assert_int_equal(call(QUIT, 7), 7);
    pthread_join(f->thread, &broken);
    assert_null(broken);
    assert_int_equal(f->channel.n_in_flight, 0);
    channel_done(&f->channel);
}

static void test_attach_other_abi_or_size_refused(void **state) {
    struct fixture *f = *state;

    f->kernel.abi = WIRE_ABI + 1;
    assert_int_equal(caller_attach(f->channel.header, WIRE_CHANNEL_SIZE(ARENA), &f->kernel),
                     -EPROTO);
    f->kernel.abi = WIRE_ABI;
    assert_int_equal(caller_attach(f->channel.header, ARENA, &f->kernel), -EPROTO);
    channel_done(&f->channel);
}

static void test_call_result_comes_back(void **state) {
    start(*state);
    for (int64_t i = -1000; i < 20000; i++) {
        assert_true(call(ECHO, (uint64_t)i) == i);
    }
    finish(*state);
}

static void test_call_random_delays_lose_no_wakeup(void **state) {
    struct fixture *f = *state;
    time_t end = time(NULL) + 60;
    unsigned seed = 2;
    int64_t i;

    f->jitter = true;
    start(f);
    // Fewer where others have the CPUs, or ThreadSanitizer takes its time.
    for (i = 0; i < n_rounds && (i < 1000 || time(NULL) < end); i++) {
        if (i % 1000 == 0) {
            alarm(200); // a lost wake-up would sleep for ever
        }
        // One that nobody waits for yet, whose end must neither wake nor hide the other's.
        uint32_t quiet = submit(ECHO, 5);

        assert_true(call(ECHO, (uint64_t)i) == i);
        jitter(&seed);
        assert_true(caller_wait(quiet) == 5);
    }
    alarm(0);
    print_message("# %jd rounds\n", (intmax_t)i);
    finish(f);
}

static void test_batch_of_all_slots_completes(void **state) {
    uint32_t tags[WIRE_SUBMISSIONS];

    start(*state);
    for (int round = 0; round < 1000; round++) {
        for (uint32_t i = 0; i < WIRE_SUBMISSIONS; i++) {
            tags[i] = submit(ECHO, i);
            assert_int_not_equal(tags[i], 0);
        }
        assert_int_equal(submit(ECHO, 0), 0);
        caller_flush();
        // The last first: what comes before is kept for its own wait.
        for (uint32_t i = WIRE_SUBMISSIONS; i-- > 0;) {
            assert_int_equal(caller_wait(tags[i]), i);
        }
    }
    finish(*state);
}

static void test_submit_many_in_flight_complete_out_of_order(void **state) {
    int64_t result = 0;
    uint32_t held = 0;

    start(*state);
    held = submit(HOLD, 55);
    caller_flush();
    assert_int_equal(call(ECHO, 1), 1);
    assert_int_equal(caller_poll(held, &result), 0);
    assert_int_equal(call(RELEASE, 2), 2);
    assert_int_equal(caller_wait(held), 55);
    finish(*state);
}

static void test_wait_cancelled_ends_early(void **state) {
    start(*state);
    want_cancel = true;
    assert_int_equal(call(HOLD, 1), -ECANCELED);
    assert_int_equal(call(ECHO, 3), 3);
    assert_true(caller.free_slots == UINT64_MAX);
    finish(*state);
}

static void test_upcall_reaches_its_function_before_the_completion(void **state) {
    start(*state);
    assert_int_equal(call(UPCALL, 42), 42);
    assert_int_equal(upcall_tag, 42);
    assert_int_equal(caller_control() / WIRE_UPCALL_ONE, 1);
    finish(*state);
}

static void test_arena_regions_return_in_any_order(void **state) {
    struct fixture *f = *state;
    void *a = caller_alloc(100), *b = caller_alloc(ARENA / 2), *c = NULL;

    assert_non_null(a);
    assert_non_null(b);
    assert_null(caller_alloc(ARENA / 2));
    assert_true(caller_pack(a, 100) == 100ull << 32);
    assert_true(caller_pack(b, 1) == (112 | 1ull << 32));
    assert_true(caller_pack(NULL, 0) == 0);
    caller_release(a, 100);
    caller_release(b, ARENA / 2);
    c = caller_alloc(ARENA);
    assert_ptr_equal(c, a);
    assert_null(caller_alloc(1));
    caller_release(c, ARENA);
    assert_null(caller_alloc(ARENA + 1));
    assert_null(caller_alloc(SIZE_MAX));
    channel_done(&f->channel);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

// test-caller [ROUNDS]: fewer where each takes long, as on an emulated machine.
int main(int n_arguments, char *arguments[]) {
    const struct CMUnitTest tests[] = {
        TEST(test_attach_other_abi_or_size_refused),
        TEST(test_call_result_comes_back),
        TEST(test_call_random_delays_lose_no_wakeup),
        TEST(test_batch_of_all_slots_completes),
        TEST(test_submit_many_in_flight_complete_out_of_order),
        TEST(test_wait_cancelled_ends_early),
        TEST(test_upcall_reaches_its_function_before_the_completion),
        TEST(test_arena_regions_return_in_any_order),
    };

    if (n_arguments > 1) {
        n_rounds = strtoll(arguments[1], NULL, 10);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT

// Raw channel memory at the supervisor's end: call/channel.c and doorbell.c, compiled into this
// program so that every read of shared memory passes through here. Each word is spoilt the moment
// it was read, and a copy is torn in the middle and spoilt behind: a value that is read twice is
// seen as two. That is what a thread that flips words would do by chance, done each time.
//
// An input is a row of operations of the supervisor's, each after some writes of the worker's. A
// model that knows nothing of shared memory says what each must do.

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "call/channel.h"
#include "tests/fuzz/fuzz.h"

static uint32_t hostile_load(const uint32_t *word);
static void hostile_copy(void *destination, const void *source, size_t size);

#define __atomic_load_n(word, order) hostile_load(word)
#define memcpy(destination, source, size) hostile_copy(destination, source, size)
#include "call/channel.c"
#include "call/doorbell.c"
#undef memcpy
#undef __atomic_load_n

#define ARENA_SIZE WIRE_ARENA_MIN
#define LOADS_MAX 16u

static struct channel channel;
static struct input input;

// What was read during the operation of the moment.
static struct {
    const uint32_t *words[LOADS_MAX];
    uint32_t values[LOADS_MAX];
    uint32_t n_loads;
    const uint8_t *copied;
    size_t copied_size;
    uint8_t copy[WIRE_ARENA_MIN];
} seen;

// What must be so, whatever the worker writes.
static struct {
    uint32_t submission_head, completion_tail, published, n_in_flight, control, n_untold,
        generation;
    uint32_t ready[WIRE_HANDLES];
    struct wire_completion completions[WIRE_COMPLETIONS];
    bool broken;
} model;

// -- the worker's side ---------------------------------------------------------------------------

static uint32_t hostile_load(const uint32_t *word) {
    uint32_t value = __atomic_load_n(word, __ATOMIC_ACQUIRE);

    REQUIRE(seen.n_loads < LOADS_MAX);
    seen.words[seen.n_loads] = word;
    seen.values[seen.n_loads++] = value;
    *(uint32_t *)word = ~value;
    return value;
}

static void hostile_copy(void *destination, const void *source, size_t size) {
    uint8_t *shared = (uint8_t *)source;

    REQUIRE(size <= sizeof(seen.copy));
    for (size_t i = 0; i < size; i++) {
        seen.copy[i] = shared[i];
        shared[i] = (uint8_t)~shared[i];
        shared[size - 1 - i] ^= 0x55;
    }
    memcpy(destination, seen.copy, size);
    seen.copied = shared;
    seen.copied_size = size;
}

// How often WORD was read, and what it said first.
static uint32_t n_loads_of(const uint32_t *word, uint32_t *ret_value) {
    uint32_t n = 0;

    for (uint32_t i = seen.n_loads; i > 0; i--) {
        if (seen.words[i - 1] == word) {
            *ret_value = seen.values[i - 1];
            n++;
        }
    }
    return n;
}

// An index near the truth, or as far from it as matters, or any.
static uint32_t near(uint32_t truth) {
    static const int32_t steps[] = {64, 65, 66, -63, -64, -65, -127, -128, -129, 128};
    uint8_t how = input_u8(&input);

    if (how < 200) {
        return truth + (uint32_t)(how % 20) - 10;
    }
    return how < 250 ? truth + (uint32_t)steps[how % 10] : input_u32(&input);
}

static void worker_writes(void) {
    struct wire_header *header = channel.header;
    uint8_t how = input_u8(&input);

    header->submission_tail = how & 1 ? near(channel.submission_head) : channel.submission_head + 1;
    header->completion_head = how & 2 ? near(channel.completion_tail) : channel.completion_tail;
    header->worker_asleep = how & 64 ? input_u32(&input) : how >> 2 & 1;
    header->worker_cpu = how & 8 ? input_u32(&input) : WIRE_NO_CPU;
    if (how & 16) {
        (void)input_bytes(&input, &channel.submissions[channel.submission_head % WIRE_SUBMISSIONS],
                          sizeof(struct wire_submission));
    }
    if (how & 32) { // anywhere: what the supervisor writes is the worker's to spoil, too
        uint64_t value = input_u64(&input);
        size_t place = input_u16(&input) % (WIRE_ARENA_OFFSET - sizeof(value));

        memcpy((uint8_t *)header + place, &value, sizeof(value));
    }
}

// -- the supervisor's side -----------------------------------------------------------------------

static void do_next(void) {
    struct wire_submission submission;
    uint32_t tail = 0, head = model.submission_head;
    int r = channel_next(&channel, &submission);
    uint32_t n = n_loads_of(&channel.header->submission_tail, &tail);

    REQUIRE(n <= 1);
    if (model.broken || tail == head) {
        REQUIRE(r == 0);
    } else if (tail - head > WIRE_SUBMISSIONS || model.n_in_flight == WIRE_SUBMISSIONS) {
        REQUIRE(r == 0 && channel.broken);
        model.broken = true;
    } else {
        REQUIRE(r == 1 && seen.copied_size == sizeof(submission));
        REQUIRE(seen.copied == (uint8_t *)&channel.submissions[head % WIRE_SUBMISSIONS]);
        REQUIRE(memcmp(&submission, seen.copy, sizeof(submission)) == 0);
        model.submission_head++;
        model.n_in_flight++;
    }
}

static void expect_posted(uint32_t kind, uint32_t tag, int64_t result) {
    model.completions[model.completion_tail++ % WIRE_COMPLETIONS] =
        (struct wire_completion){.tag = tag, .kind = kind, .result = result};
}

// The completions that the worker has not taken, as far as it can be believed.
static uint32_t unconsumed(void) {
    uint32_t head = 0;

    REQUIRE(n_loads_of(&channel.header->completion_head, &head) == 1);
    if (model.completion_tail - head > WIRE_COMPLETIONS) {
        model.broken = true;
    }
    return model.completion_tail - head;
}

static void do_complete(void) {
    uint32_t tag = input_u32(&input);
    int64_t result = (int64_t)input_u64(&input);

    if (model.n_in_flight == 0) {
        return;
    }
    channel_complete(&channel, tag, result);
    model.n_in_flight--;
    if (unconsumed() < WIRE_COMPLETIONS) {
        expect_posted(WIRE_COMPLETION, tag, result);
    } else {
        model.broken = true;
    }
}

static void do_upcall(void) {
    uint32_t tag = input_u32(&input), kind = input_u32(&input);
    int64_t result = (int64_t)input_u64(&input);
    int r = channel_upcall(&channel, kind, tag, result);

    if (unconsumed() < WIRE_UPCALLS) {
        REQUIRE(r == 0);
        expect_posted(kind, tag, result);
        model.n_untold++;
    } else {
        REQUIRE(r == -EAGAIN);
    }
}

// Whether what was posted and is not published yet ends a sleep for ASLEEP.
static bool wakes(uint32_t asleep) {
    bool found = asleep == WIRE_ASLEEP;

    for (uint32_t i = model.published; i != model.completion_tail; i++) {
        const struct wire_completion *entry = &model.completions[i % WIRE_COMPLETIONS];

        found |=
            entry->kind != WIRE_COMPLETION || entry->tag == asleep || entry->tag == WIRE_ASLEEP;
    }
    return asleep != 0 && found;
}

// A store of the tail for whatever was posted, and a ring if the worker sleeps for some of it.
static void do_flush(void) {
    uint64_t rung = 0;
    uint32_t asleep = 0;
    bool any = model.published != model.completion_tail;
    bool awaited;

    REQUIRE(channel_flush(&channel) == 0);
    REQUIRE(n_loads_of(&channel.header->worker_asleep, &asleep) == any);
    awaited = wakes(asleep);
    model.published = model.completion_tail;
    model.control += model.n_untold * WIRE_UPCALL_ONE;
    if (any) {
        REQUIRE(channel.header->completion_tail == model.completion_tail);
        REQUIRE(model.n_untold == 0 || channel.header->control == model.control);
    }
    model.n_untold = 0;
    if (any && awaited) {
        REQUIRE(read(channel.ring_fd, &rung, sizeof(rung)) == (ssize_t)sizeof(rung) && rung == 1);
    } else {
        REQUIRE(poll(&(struct pollfd){.fd = channel.ring_fd, .events = POLLIN}, 1, 0) == 0);
    }
}

static void do_ready(void) {
    uint32_t index = input_u32(&input) % WIRE_HANDLES;
    uint32_t set = input_u8(&input), clear = input_u8(&input);
    uint32_t before = model.ready[index];
    bool raised = channel_ready(&channel, index, set, clear);

    model.ready[index] = (before & ~clear) | set;
    model.generation += (set & ~before) != 0;
    REQUIRE(raised == ((set & ~before) != 0));
    REQUIRE(channel.readiness[index] == model.ready[index]);
}

static void do_pending(void) {
    uint32_t spin_nsec = input_u8(&input) & 1 ? 100 : 0;
    bool pending = channel_pending(&channel, spin_nsec);

    REQUIRE(!pending || !model.broken);
    if (!pending && !model.broken) {
        REQUIRE(channel.header->supervisor_asleep == 1);
    }
    channel_awake(&channel);
    REQUIRE(channel.header->supervisor_asleep == 0);
}

static void do_window(void) {
    uint8_t private[256], *memory = NULL;
    uint32_t start = input_u8(&input) & 1 ? input_u32(&input) : input_u16(&input);
    uint64_t packed = start | (uint64_t)near(ARENA_SIZE - start) << 32;
    uint64_t offset = packed & UINT32_MAX, length = packed >> 32;
    size_t size = 0;
    int r = channel_window(&channel, packed, &memory, &size);

    REQUIRE(r == (offset + length <= ARENA_SIZE ? 0 : -EFAULT));
    if (r < 0) {
        return;
    }
    REQUIRE(memory == channel.arena + offset && size == length);
    size = size < sizeof(private) ? size : sizeof(private);
    channel_take(private, memory, size);
    REQUIRE(memcmp(private, seen.copy, size) == 0);
}

static void do_stop(void) {
    enum wire_stop level = (enum wire_stop)(input_u8(&input) % (WIRE_ABORT + 1));

    channel_stop(&channel, level);
    model.control = (model.control & ~WIRE_STOP_MASK) | level;
    REQUIRE(channel.header->control == model.control);
}

static bool is_zero(const uint8_t *memory, size_t size) {
    return memory[0] == 0 && memcmp(memory, memory + 1, size - 1) == 0;
}

static void reset(void) {
    channel_reset(&channel);
    memset(&model, 0, sizeof(model));
}

// Nothing of one worker is left for the next.
static void do_reset(void) {
    reset();
    REQUIRE(channel.header->worker_cpu == WIRE_NO_CPU && !channel.broken);
    channel.header->worker_cpu = 0;
    channel.header->supervisor_cpu = 0;
    REQUIRE(is_zero((uint8_t *)channel.header, WIRE_ARENA_OFFSET));
    REQUIRE(is_zero(channel.arena, channel.arena_size));
}

// What is private is as the model has it.
static void compare(void) {
    REQUIRE(channel.submission_head == model.submission_head);
    REQUIRE(channel.completion_tail == model.completion_tail);
    REQUIRE(channel.completion_published == model.published);
    REQUIRE(channel.n_in_flight == model.n_in_flight && model.n_in_flight <= WIRE_SUBMISSIONS);
    REQUIRE(channel.control == model.control && channel.n_upcalls_untold == model.n_untold);
    REQUIRE(channel.readiness_generation == model.generation);
    REQUIRE(!channel.broken == !model.broken);
    REQUIRE(memcmp(channel.ready, model.ready, sizeof(model.ready)) == 0);
    REQUIRE(channel.arena_size == ARENA_SIZE);
    // Only the slots that were posted to are written, whole.
    REQUIRE(memcmp(channel.completions, model.completions, sizeof(model.completions)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static void (*const operations[])(void) = {do_next,  do_next,   do_complete, do_complete,
                                               do_flush, do_upcall, do_ready,    do_pending,
                                               do_stop,  do_window, do_reset};

    if (!channel.header) {
        REQUIRE(channel_init(&channel) == 0 && channel_resize(&channel, ARENA_SIZE) == 0);
    }
    input = (struct input){data, size};
    reset();
    while (input.size > 0) {
        uint32_t which = input_below(&input, sizeof(operations) / sizeof(operations[0]));

        worker_writes();
        memcpy(model.completions, channel.completions, sizeof(model.completions));
        seen.n_loads = 0;
        seen.copied = NULL;
        seen.copied_size = 0;
        operations[which]();
        compare();
    }
    return 0;
}

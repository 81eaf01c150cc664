// SPDX-License-Identifier: MIT

// A worker that does at random whatever a worker can do: good calls and bad ones, scribbling over
// all that is shared, rings without end, every way of ending. It never waits for what may not come,
// so that each life is short. What a life does follows from the seed and its generation.

#include <signal.h>
#include <stdbool.h>
#include <sys/syscall.h>

#include "../daemon/hostile-end.h"

#define N_HANDLES 32u
#define PORTS 20000u /* the image's grants: loopback, a hundred ports from here */
#define CYCLES_PER_USEC 2000u

// tests/attacks/run-random writes a seed behind the mark; 0: of the clock.
static const volatile struct {
    char mark[16];
    uint64_t seed;
} chosen = {"mpyd-random-seed", 0};

static uint64_t state;
static uint64_t handles[N_HANDLES];
static uint32_t n_handles;

// -- chance --------------------------------------------------------------------------------------

static uint64_t cycles(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
    uint64_t count = 0, frequency = 1;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    return count * (CYCLES_PER_USEC * 1000000ull / frequency);
#endif
}

// splitmix64
static uint64_t draw(void) {
    uint64_t z = state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint32_t below(uint32_t n) {
    return (uint32_t)(draw() % n);
}

static bool one_in(uint32_t n) {
    return below(n) == 0;
}

// Numbers near which code goes wrong.
static uint64_t odd_number(void) {
    static const uint64_t edges[] = {0,          1,           2,          63,         64,
                                     128,        4095,        4096,       65536,      0x7fffffff,
                                     0x80000000, 0xffffffff,  1ull << 32, 1ull << 48, 1ull << 62,
                                     1ull << 63, ~1ull << 32, UINT64_MAX, UINT64_MAX};
    uint64_t edge = edges[below(sizeof(edges) / sizeof(edges[0]))];

    return one_in(3) ? draw() >> below(64) : edge + below(3) - 1;
}

// -- arguments, mostly as the table of calls wants them ------------------------------------------

static uint64_t room(uint32_t size) {
    uint32_t offset = below(page->arena_size - size + 1);

    return one_in(2000) ? odd_number() : offset | (uint64_t)size << 32;
}

static uint64_t window(uint32_t most) {
    return room(below(most + 1));
}

static uint64_t text(void) {
    static const char *const texts[] = {"localhost",      "a.example", "127.0.0.1", "\033[2J\r",
                                        "mpyd: killed: ", "\xff\xfe",  "x\nmpyd: ", "%s%n"};
    const char *given = texts[below(sizeof(texts) / sizeof(texts[0]))];
    uint64_t place = window(0) & 0xffff;

    place = place > page->arena_size - 64 ? 0 : place;
    memcpy(arena + place, given, strlen(given));
    return one_in(50) ? window(4096) : place | (uint64_t)strlen(given) << 32;
}

static uint64_t address(void) {
    struct wire_address made = {
        .family = WIRE_INET, .port = (uint16_t)(PORTS + below(100)), .host = {127, 0, 0, 1}};
    uint32_t place = below(page->arena_size / 8 - 4) * 8;

    if (one_in(8)) {
        ((uint8_t *)&made)[below(sizeof(made))] = (uint8_t)draw();
    }
    memcpy(arena + place, &made, sizeof(made));
    return one_in(100) ? window(64) : place | (uint64_t)sizeof(made) << 32;
}

static uint64_t handle(void) {
    return n_handles == 0 || one_in(10) ? odd_number() : handles[below(n_handles)];
}

// A letter an argument: h handle, b buffer, t text, a address, n small number, i any number.
static const struct recipe {
    uint32_t number;
    const char *arguments;
} recipes[] = {
    {CALL_CHANNEL_NOP, ""},        {CALL_CHANNEL_EXPLAIN, "b"},  {CALL_CHANNEL_CANCEL, "n"},
    {CALL_LOG_WRITE, "nt"},        {CALL_CLOCK_READ, "n"},       {CALL_RANDOM_BYTES, "b"},
    {CALL_SOCKET_OPEN, "ff"},      {CALL_SOCKET_OPEN, "ff"},     {CALL_SOCKET_BIND, "ha"},
    {CALL_SOCKET_LISTEN, "hn"},    {CALL_SOCKET_ACCEPT, "hA"},   {CALL_SOCKET_CONNECT, "ha"},
    {CALL_SOCKET_SEND, "hb"},      {CALL_SOCKET_RECV, "hb"},     {CALL_SOCKET_SENDTO, "hba"},
    {CALL_SOCKET_RECVFROM, "hbA"}, {CALL_SOCKET_SETOPT, "hni"},  {CALL_SOCKET_GETOPT, "hn"},
    {CALL_SOCKET_NAME, "hnA"},     {CALL_SOCKET_SHUTDOWN, "hn"}, {CALL_SOCKET_CLOSE, "h"},
    {CALL_NAME_RESOLVE, "tnfB"},   {CALL_CHANNEL_WAIT, "nn"},
};
#define N_RECIPES (sizeof(recipes) / sizeof(recipes[0]))

static uint64_t argument(char letter) {
    switch (letter) {
    case 'h':
        return handle();
    case 'b':
        return window(4096);
    case 'A':
        return room(sizeof(struct wire_address));
    case 'B':
        return room(768);
    case 't':
        return text();
    case 'a':
        return address();
    case 'f':
        return 1 + below(2);
    case 'n':
        return below(10);
    default:
        return odd_number();
    }
}

static const struct recipe *prepare(uint64_t arguments[WIRE_ARGS]) {
    const struct recipe *recipe = &recipes[below(N_RECIPES)];
    size_t n = strlen(recipe->arguments);

    for (size_t i = 0; i < WIRE_ARGS; i++) {
        arguments[i] = i < n ? argument(recipe->arguments[i]) : 0;
    }
    if (one_in(4000)) {
        arguments[below(WIRE_ARGS)] = odd_number();
    }
    return recipe;
}

// -- as long as the rings are true: calls that are waited for ------------------------------------

static void call_and_wait(void) {
    uint64_t arguments[WIRE_ARGS];
    const struct recipe *recipe = prepare(arguments);
    uint32_t number = one_in(500) ? (uint32_t)odd_number() : recipe->number;

    if (number == CALL_CHANNEL_WAIT) {
        arguments[1] = below(1000);
    }
    int64_t result = call(number, arguments);

    if ((number == CALL_SOCKET_OPEN || number == CALL_SOCKET_ACCEPT) && result > 0) {
        handles[n_handles < N_HANDLES ? n_handles++ : below(N_HANDLES)] = (uint64_t)result;
    }
}

static void consume_some(void) {
    for (uint32_t i = below(100); i > 0; i--) {
        if (__atomic_load_n(&header->completion_tail, __ATOMIC_ACQUIRE) != head) {
            __atomic_store_n(&header->completion_head, ++head, __ATOMIC_RELEASE);
        }
    }
}

// -- from here on nothing is waited for ----------------------------------------------------------

static void submit_batch(void) {
    uint64_t arguments[WIRE_ARGS];

    for (uint32_t i = below(one_in(5) ? 80 : 16); i > 0; i--) {
        const struct recipe *recipe = prepare(arguments);

        submit(recipe->number, one_in(50) ? 7 : (uint32_t)draw(), arguments);
    }
}

static void scribble(char *place, uint32_t size, uint32_t n) {
    while (n-- > 0) {
        uint64_t value = odd_number();

        memcpy(place + below(size / 8) * 8, &value, sizeof(value));
    }
}

static void scribble_rings(void) {
    scribble((char *)submissions, 2 * WIRE_PAGE, below(200));
}

static void scribble_header(void) {
    scribble((char *)header, sizeof(*header), 1 + below(3));
}

static void scribble_readiness(void) {
    scribble((char *)header + WIRE_READINESS_OFFSET, WIRE_PAGE, below(500));
}

static void scribble_arena(void) {
    scribble(arena, page->arena_size, below(2000));
}

// What was submitted is changed while it is served.
static void scribble_while_served(void) {
    uint64_t until = cycles() + (uint64_t)below(200) * CYCLES_PER_USEC;

    submit_batch();
    ring();
    while (cycles() < until) {
        struct wire_submission *slot = &submissions[below(WIRE_SUBMISSIONS)];

        slot->arg[below(WIRE_ARGS)] ^= draw() & (one_in(2) ? 0xffff : 0xffff00000000);
        arena[below(page->arena_size)] ^= 0x55;
    }
}

static void jump_indices(void) {
    uint32_t jump = one_in(2) ? below(140) : (uint32_t)odd_number();

    if (one_in(2)) {
        __atomic_store_n(&header->submission_tail, tail += jump, __ATOMIC_SEQ_CST);
    } else {
        __atomic_store_n(&header->completion_head, head += jump, __ATOMIC_SEQ_CST);
    }
}

static void repeat_entries(void) {
    __atomic_store_n(&header->submission_tail, tail += below(64), __ATOMIC_SEQ_CST);
    ring();
}

static void storm(void) {
    for (uint32_t i = below(3000); i > 0; i--) {
        ring();
    }
}

static void fill_doorbell(void) {
    uint64_t most = UINT64_MAX - 1;

    (void)!write(WIRE_FD_RING, &most, sizeof(most));
}

static void keep_silent(void) {
    uint64_t until = cycles() + (uint64_t)below(300) * CYCLES_PER_USEC;

    while (cycles() < until) {
    }
}

// -- the end -------------------------------------------------------------------------------------

static void exit_announced(void) {
    const uint64_t arguments[WIRE_ARGS] = {WIRE_EXIT_OK, below(120)};

    submit(CALL_CHANNEL_EXIT, 1, arguments);
    ring();
    _exit(one_in(4) ? (int)below(120) : (int)arguments[1]);
}

// Not 124 and 125: the supervisor takes these for a broken image, and starts it no more.
static void exit_silent(void) {
    _exit((int)below(124));
}

static void trap(void) {
    __builtin_trap();
}

static void touch_nothing(void) {
    *(volatile char *)(uintptr_t)odd_number() = 1;
}

static void overflow_stack(void) {
#if defined(__x86_64__)
    __asm__ volatile("1: push %rax; jmp 1b");
#elif defined(__aarch64__)
    __asm__ volatile("1: str x0, [sp, #-16]!; b 1b");
#endif
}

static void make_linux_call(void) {
    uint64_t number = one_in(4) ? odd_number() : below(1024);
    uint64_t entry = one_in(4) ? 0x40000000 : 0;

    (void)syscall((long)(number | entry), odd_number(), odd_number(), odd_number(), odd_number(),
                  odd_number(), odd_number());
}

static void enter_by_int_80(void) {
#if defined(__x86_64__)
    long result = (long)below(512);

    __asm__ volatile("int $0x80"
                     : "+a"(result)
                     : "b"(odd_number()), "c"(odd_number()), "d"(odd_number())
                     : "memory", "r8", "r9", "r10", "r11");
#else
    make_linux_call(); // there is no other entry
#endif
}

// Until it is killed, if it broke the protocol, or else crashes.
static void linger(void) {
    uint64_t until = cycles() + (uint64_t)below(20000) * CYCLES_PER_USEC;

    while (cycles() < until) {
        scribble_header();
    }
}

typedef void (*action)(void);
static const action wild[] = {submit_batch,          submit_batch,
                              submit_batch,          scribble_rings,
                              scribble_header,       scribble_readiness,
                              scribble_arena,        jump_indices,
                              repeat_entries,        storm,
                              fill_doorbell,         keep_silent,
                              scribble_while_served, scribble_while_served,
                              consume_some,          consume_some};
static const action endings[] = {exit_announced,  exit_silent,    trap,
                                 touch_nothing,   overflow_stack, make_linux_call,
                                 enter_by_int_80, linger};

#define PICK(actions) (actions[below(sizeof(actions) / sizeof(actions[0]))]())

int main(void) {
    attach();
    state = (chosen.seed ? chosen.seed : cycles() ^ page->random_seed) + page->generation;
    if (!one_in(20)) {
        start();
        for (uint32_t n = below(400); n > 0; n--) {
            call_and_wait();
        }
    }
    for (uint32_t n = below(one_in(2) ? 4 : 60); n > 0; n--) {
        PICK(wild);
    }
    PICK(endings);
    __builtin_trap();
}

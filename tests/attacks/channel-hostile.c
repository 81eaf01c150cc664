// SPDX-License-Identifier: MIT

// Workers that attack what is shared while it is in use, or want more than their share, one attack
// an image. As in tests/daemon/hostile.c the app's name says which.

#include "../daemon/hostile-end.h"

#define ROUNDS 1000u
#define CHANGES 300u
#define ESCAPE "\033[2J\rmpyd: forged"

static _Noreturn void fail(const char *what) {
    char text[100] = "WRONG: ";

    memcpy(text + 7, what, strlen(what) + 1);
    say(text);
    leave();
}

static uint64_t pack(uint64_t offset, uint64_t size) {
    return offset | size << 32;
}

// -- lies ----------------------------------------------------------------------------------------

// Until the tail is what it should be, and no lie of ours. The flag is the worker's own, and true.
static void sleep_until_posted(void) {
    uint64_t count;

    __atomic_store_n(&header->worker_asleep, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&header->completion_tail, __ATOMIC_SEQ_CST) != head + 1) {
        (void)!read(WIRE_FD_SLEEP, &count, sizeof(count));
    }
    __atomic_store_n(&header->worker_asleep, 0, __ATOMIC_SEQ_CST);
}

// Everything that the supervisor alone should write, rewritten before each call: it goes by what it
// knows itself. Completions are found by our own count of them.
static void geometry(void) {
    const uint64_t arguments[WIRE_ARGS] = {pack(0, 8)};

    start();
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct wire_completion *completion = &completions[head % WIRE_COMPLETIONS];
        uint32_t lie = i * 0x9e3779b9u;

        memset((char *)header + 64, (int)(lie >> 24), sizeof(*header) - 64);
        memset((char *)header + WIRE_READINESS_OFFSET, (int)(lie >> 16), WIRE_PAGE);
        memset(completions, 0xff, WIRE_PAGE);
        memset(arena, 0, 8);
        submit(CALL_RANDOM_BYTES, i, arguments);
        ring();
        sleep_until_posted();
        __atomic_store_n(&header->completion_head, ++head, __ATOMIC_RELEASE);
        if (completion->tag != i || completion->result != 8) {
            fail("a call was not served");
        }
    }
    // Only now true again, or nothing more could be waited for.
    __atomic_store_n(&header->completion_tail, head, __ATOMIC_SEQ_CST);
    say("served throughout");
    leave();
}

// The kernel page is the supervisor's.
static void kernel_page(void) {
    start();
    ((struct wire_kernel_page *)(uintptr_t)page)->n_handles = 1000;
    fail("the kernel page can be written");
}

// The entry of a call that is in flight, overwritten: the supervisor has its own copy.
static void reuse(void) {
    const uint64_t wait[WIRE_ARGS] = {header->readiness_generation, (uint64_t)-1};
    const uint64_t tag[WIRE_ARGS] = {7};
    struct wire_completion first;

    start();
    submit(CALL_CHANNEL_WAIT, 7, wait);
    submit(CALL_CHANNEL_NOP, 8, NULL);
    if (next().tag != 8) {
        fail("not the call that ended");
    }
    memset(submissions, 0xff, WIRE_PAGE);
    submit(CALL_CHANNEL_CANCEL, 9, tag);
    first = next();
    if (first.tag != 7 || first.result != -125 || next().tag != 9) {
        fail("the call was lost");
    }
    say("kept its own copy");
    leave();
}

// Text and lengths that change while the call runs: between a check and a use they would escape.
static void changing(void) {
    const uint64_t arguments[WIRE_ARGS] = {LOG_WRITE_LEVEL_INFO, pack(64, 2000)};

    start();
    memset(arena, 'a', 4096);
    for (uint32_t i = 0; i < CHANGES; i++) {
        struct wire_submission *slot = &submissions[tail % WIRE_SUBMISSIONS];

        submit(CALL_LOG_WRITE, i, arguments);
        ring();
        while (__atomic_load_n(&header->completion_tail, __ATOMIC_ACQUIRE) == head) {
            memcpy(arena + 64 + i % 1900, ESCAPE, sizeof(ESCAPE) - 1);
            slot->arg[1] = pack(page->arena_size - 1, 4096);
            memset(arena + 64 + i % 1900, 'a', sizeof(ESCAPE) - 1);
            slot->arg[1] = arguments[1];
        }
        (void)next();
    }
    say("done changing");
    leave();
}

// -- doorbells -----------------------------------------------------------------------------------

// Work without a ring is work all the same, once there is one; and a ring without work is nothing.
static void late_ring(void) {
    start();
    for (uint32_t i = 0; i < 1000; i++) {
        for (uint32_t k = 0; k < WIRE_SUBMISSIONS; k++) {
            submissions[tail++ % WIRE_SUBMISSIONS] = (struct wire_submission){.tag = k};
        }
        __atomic_store_n(&header->submission_tail, tail, __ATOMIC_SEQ_CST);
        for (volatile uint32_t idle = 0; idle < i * 20; idle++) {
        }
        ring();
        for (uint32_t k = 0; k < WIRE_SUBMISSIONS; k++) {
            if (next().tag != k) {
                fail("out of order");
            }
        }
        ring();
    }
    say("every call served, late as it was rung for");
    leave();
}

// -- floods --------------------------------------------------------------------------------------

static void flood_rings(void) {
    start();
    say("ready");
    for (;;) {
        ring();
    }
}

static void flood_logs(void) {
    start();
    memset(arena + 64, 'x', 4096);
    say("ready");
    for (;;) {
        const uint64_t arguments[WIRE_ARGS] = {LOG_WRITE_LEVEL_INFO, pack(64, 4096)};

        (void)call(CALL_LOG_WRITE, arguments);
    }
}

static void flood_calls(void) {
    start();
    say("ready");
    for (uint32_t tag = 1;; tag += WIRE_SUBMISSIONS) {
        for (uint32_t i = 0; i < WIRE_SUBMISSIONS; i++) {
            submit(CALL_CHANNEL_NOP, tag + i, NULL);
        }
        for (uint32_t i = 0; i < WIRE_SUBMISSIONS; i++) {
            (void)next();
        }
    }
}

// Timers: as many waits at once as there may be, each of them short.
static void flood_waits(void) {
    start();
    say("ready");
    for (uint32_t tag = 1;; tag++) {
        const uint64_t wait[WIRE_ARGS] = {header->readiness_generation, tag % 50};

        if (tag > WIRE_SUBMISSIONS) {
            (void)next();
        }
        submit(CALL_CHANNEL_WAIT, tag, wait);
    }
}

// Sockets: opened up to the quota, connected to nobody, closed, again.
static void flood_sockets(void) {
    const uint64_t kind[WIRE_ARGS] = {SOCKET_OPEN_FAMILY_INET, SOCKET_OPEN_TYPE_STREAM};
    const struct wire_address nobody = {.family = WIRE_INET, .port = 20999, .host = {127, 0, 0, 1}};
    uint64_t handles[1100];

    start();
    memcpy(arena + 64, &nobody, sizeof(nobody));
    say("ready");
    for (;;) {
        uint32_t n = 0;

        while (n < 1100) {
            int64_t handle = call(CALL_SOCKET_OPEN, kind);
            uint64_t connect[WIRE_ARGS] = {(uint64_t)handle, pack(64, sizeof(nobody))};

            if (handle < 0) {
                break;
            }
            handles[n++] = (uint64_t)handle;
            (void)call(CALL_SOCKET_CONNECT, connect);
        }
        while (n > 0) {
            const uint64_t one[WIRE_ARGS] = {handles[--n]};

            (void)call(CALL_SOCKET_CLOSE, one);
        }
    }
}

// Names: as many questions at once as there may be, all different.
static void flood_names(void) {
    start();
    say("ready");
    for (uint32_t tag = 1;; tag++) {
        uint32_t place = 1024 + tag % WIRE_SUBMISSIONS * 16;
        const uint64_t resolve[WIRE_ARGS] = {pack(place, 9), 80, 0, pack(8192, 768)};

        memcpy(arena + place, "aaaaa.lan", 9);
        for (uint32_t i = 0; i < 5; i++) {
            arena[place + i] = (char)('a' + (tag >> 4 * i) % 16);
        }
        if (tag > WIRE_SUBMISSIONS) {
            (void)next();
        }
        submit(CALL_NAME_RESOLVE, tag, resolve);
    }
}

static void flood_restarts(void) {
    start();
    say("ready");
    __builtin_trap();
}

// -- words for the trace -------------------------------------------------------------------------

// Text in every call that takes some, and the text of a refusal.
static void forger(void) {
    const uint64_t resolve[WIRE_ARGS] = {pack(64, sizeof(ESCAPE) - 1), 80, 0, pack(8192, 768)};
    const uint64_t explain[WIRE_ARGS] = {pack(4096, 512)};
    char line[sizeof(ESCAPE) + 8] = "x\n" ESCAPE;

    start();
    memcpy(arena + 64, ESCAPE, sizeof(ESCAPE) - 1);
    (void)call(CALL_NAME_RESOLVE, resolve);
    (void)call(CALL_CHANNEL_EXPLAIN, explain);
    arena[64] = 'a';
    (void)call(CALL_NAME_RESOLVE, resolve);
    (void)call(CALL_CHANNEL_EXPLAIN, explain);
    say(line);
    leave();
}

static const struct attack attacks[] = {
    {"geometry", geometry},
    {"kernel-page", kernel_page},
    {"reuse", reuse},
    {"changing", changing},
    {"late-ring", late_ring},
    {"flood-rings", flood_rings},
    {"flood-logs", flood_logs},
    {"flood-calls", flood_calls},
    {"flood-waits", flood_waits},
    {"flood-sockets", flood_sockets},
    {"flood-names", flood_names},
    {"flood-restarts", flood_restarts},
    {"forger", forger},
};

int main(void) {
    run_attack(attacks, sizeof(attacks) / sizeof(attacks[0]));
}

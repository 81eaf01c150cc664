// SPDX-License-Identifier: MIT

// Workers that break the rules, one attack an image: linked as images are, with no MicroPython in
// them. The app's name in the kernel page says which attack it is.

#include <errno.h>
#include <stdbool.h>

#include "hostile-end.h"

#define RESULT_NONE INT64_MIN

// Says the texts if what came back is what should, else that it is not.
static void check(const char *what, int64_t got, int64_t expected) {
    char text[80] = "WRONG: ";

    strcpy(text + (got == expected ? 0 : strlen(text)), what);
    say(text);
}

static int64_t socket_open(void) {
    const uint64_t arguments[WIRE_ARGS] = {SOCKET_OPEN_FAMILY_INET, SOCKET_OPEN_TYPE_STREAM};

    return call(CALL_SOCKET_OPEN, arguments);
}

static int64_t socket_close(uint64_t handle) {
    const uint64_t arguments[WIRE_ARGS] = {handle};

    return call(CALL_SOCKET_CLOSE, arguments);
}

static _Noreturn void crash(void) {
    __builtin_trap();
}

// -- the attacks ---------------------------------------------------------------------------------

static void storm(void) {
    start();
    for (int n = 0;; n++) {
        ring();
        if (n % 100000 == 0) {
            say("still served");
        }
    }
}

static void bad_index(void) {
    start();
    __atomic_store_n(&header->submission_tail, tail + WIRE_SUBMISSIONS + 1, __ATOMIC_SEQ_CST);
    ring();
    (void)next();
}

static void start_twice(void) {
    start();
    start();
}

// What is announced is how many calls there were when the image was built.
static void announce(uint32_t n_calls) {
    const uint64_t arguments[WIRE_ARGS] = {WIRE_ABI, n_calls};

    if (call(CALL_CHANNEL_START, arguments) != 0) {
        _exit(WIRE_EXIT_CHANNEL);
    }
}

static void older(void) {
    announce(CALLS_VERSION - 1);
    say("an older image is served");
    leave();
}

static void newer(void) {
    announce(CALLS_VERSION + 1);
    if (call(CALLS_END, NULL) != -ENOSYS) {
        _exit(WIRE_EXIT_CHANNEL);
    }
    say("a newer one is served what there is");
    leave();
}

static void too_early(void) {
    (void)call(CALL_CHANNEL_NOP, NULL);
}

static void after_exit(void) {
    const uint64_t arguments[WIRE_ARGS] = {WIRE_EXIT_OK, 0};

    start();
    (void)call(CALL_CHANNEL_EXIT, arguments);
    (void)call(CALL_CHANNEL_NOP, NULL);
}

static void same_tag(void) {
    const uint64_t arguments[WIRE_ARGS] = {header->readiness_generation, (uint64_t)-1};

    start();
    submit(CALL_CHANNEL_WAIT, 7, arguments);
    submit(CALL_CHANNEL_WAIT, 7, arguments);
    (void)next();
}

static void outside(void) {
    const uint64_t arguments[WIRE_ARGS] = {page->arena_size | 1ull << 32};

    start();
    (void)call(CALL_RANDOM_BYTES, arguments);
}

static void reserved(void) {
    start();
    submissions[tail % WIRE_SUBMISSIONS] = (struct wire_submission){.reserved = 1};
    __atomic_store_n(&header->submission_tail, tail + 1, __ATOMIC_SEQ_CST);
    ring();
    (void)next();
}

static void handles(void) {
    int64_t handle = 0;
    uint64_t forged = 0;

    start();
    check("number 0", socket_close(0), -9);
    handle = socket_open();
    check("wide number", socket_close((uint64_t)handle | 1ull << 32), -9);
    for (forged = 0; forged < 5000; forged++) {
        if (forged != (uint64_t)handle && socket_close(forged) != -9) {
            say("WRONG: a forged number was accepted");
        }
    }
    check("open handle", socket_close((uint64_t)handle), 0);
    check("closed handle", socket_close((uint64_t)handle), -9);
    leave();
}

// A call in flight ends by cancel, once, and its tag means nothing afterwards.
static void cancel(void) {
    const uint64_t wait[WIRE_ARGS] = {header->readiness_generation, (uint64_t)-1};
    const uint64_t tag[WIRE_ARGS] = {7};
    struct wire_completion first, second;

    start();
    check("nothing to cancel", call(CALL_CHANNEL_CANCEL, tag), -2);
    submit(CALL_CHANNEL_WAIT, 7, wait);
    submit(CALL_CHANNEL_CANCEL, 8, tag);
    first = next();
    second = next();
    check("cancelled call first", first.tag, 7);
    check("cancelled call's result", first.result, -125);
    check("cancel's own result", second.tag == 8 ? second.result : RESULT_NONE, 0);
    check("cancelled twice", call(CALL_CHANNEL_CANCEL, tag), -2);
    leave();
}

// More waits than slots, by cancelling each before the next: none may be left behind.
static void cancel_many(void) {
    const uint64_t wait[WIRE_ARGS] = {header->readiness_generation, (uint64_t)-1};
    const uint64_t tag[WIRE_ARGS] = {7};

    start();
    for (int i = 0; i < 1000; i++) {
        submit(CALL_CHANNEL_WAIT, 7, wait);
        if (call(CALL_CHANNEL_CANCEL, tag) != 0) {
            say("WRONG: nothing to cancel");
        }
    }
    say("a thousand cancelled");
    leave();
}

static void quota(void) {
    int n = 0;

    start();
    while (n < 2000 && socket_open() > 0) {
        n++;
    }
    check("one more than the quota", socket_open(), -24);
    check("the quota", n, page->n_handles);
    leave();
}

static bool is_zero(const void *memory, size_t size) {
    const char *bytes = memory;

    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

// Leaves everything behind that a worker can, having looked for what the last one left.
static void leak(void) {
    const uint64_t wait[WIRE_ARGS] = {0, (uint64_t)-1};
    bool clean = is_zero(submissions, WIRE_PAGE) && is_zero(completions, WIRE_PAGE) &&
                 is_zero((char *)header + WIRE_READINESS_OFFSET, WIRE_PAGE) &&
                 is_zero(arena, page->arena_size) && header->control == 0;

    start();
    check("found nothing", clean, true);
    for (int i = 0; i < 50; i++) {
        if (socket_open() <= 0) {
            say("WRONG: no socket");
        }
    }
    submit(CALL_CHANNEL_WAIT, 7, wait);
    memset(arena, 'x', page->arena_size);
    memset((char *)header + WIRE_READINESS_OFFSET, 'x', WIRE_PAGE);
    header->control = WIRE_STOP;
    crash();
}

static void silent_exit(void) {
    start();
    _exit(0);
}

static void denied(void) {
    start();
    (void)getpid();
}

static void flood(void) {
    char lines[2001];

    start();
    for (size_t i = 0; i < sizeof(lines) - 1; i += 2) {
        memcpy(lines + i, "x\n", 2);
    }
    lines[sizeof(lines) - 1] = '\0';
    for (int i = 0; i < 100; i++) {
        say(lines);
    }
    leave();
}

static void escapes(void) {
    start();
    say("\033[2Jclear\033]0;title\007 \302\233 \342\200\256\rmpyd: forged");
    leave();
}

static const struct attack attacks[] = {
    {"storm", storm},         {"bad-index", bad_index},     {"start-twice", start_twice},
    {"too-early", too_early}, {"after-exit", after_exit},   {"same-tag", same_tag},
    {"outside", outside},     {"reserved", reserved},       {"handles", handles},
    {"cancel", cancel},       {"cancel-many", cancel_many}, {"quota", quota},
    {"leak", leak},           {"silent-exit", silent_exit}, {"denied", denied},
    {"flood", flood},         {"escapes", escapes},         {"older", older},
    {"newer", newer},
};

int main(void) {
    run_attack(attacks, sizeof(attacks) / sizeof(attacks[0]));
}

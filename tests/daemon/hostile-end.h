// SPDX-License-Identifier: MIT
#pragma once

// The worker's end of the channel for images that attack: it believes everything it reads, and says
// whatever it is told to. One file includes it, so that all of it is static.

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "call/calls.h"
#include "call/wire.h"

static char heap[64 << 10]; /* of the size that the manifest promises */
static const struct wire_kernel_page *page;
static struct wire_header *header;
static struct wire_submission *submissions;
static struct wire_completion *completions;
static char *arena;
static uint32_t tail, head;

static inline void *map(size_t size, int protection, int fd) {
    void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED) {
        _exit(WIRE_EXIT_CHANNEL);
    }
    (void)close(fd);
    return memory;
}

static inline void ring(void) {
    uint64_t one = 1;

    (void)!write(WIRE_FD_RING, &one, sizeof(one));
}

static inline void submit(uint32_t call, uint32_t tag, const uint64_t *arguments) {
    struct wire_submission *slot = &submissions[tail % WIRE_SUBMISSIONS];

    *slot = (struct wire_submission){.call = call, .tag = tag};
    if (arguments) {
        memcpy(slot->arg, arguments, sizeof(slot->arg));
    }
    __atomic_store_n(&header->submission_tail, ++tail, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&header->supervisor_asleep, __ATOMIC_SEQ_CST)) {
        ring();
    }
}

// The next completion, busily waited for: of a supervisor that ends us, it never comes.
static inline struct wire_completion next(void) {
    while (__atomic_load_n(&header->completion_tail, __ATOMIC_ACQUIRE) == head) {
        uint64_t count;

        __atomic_store_n(&header->worker_asleep, 1, __ATOMIC_SEQ_CST);
        if (__atomic_load_n(&header->completion_tail, __ATOMIC_SEQ_CST) == head) {
            (void)!read(WIRE_FD_SLEEP, &count, sizeof(count));
        }
        __atomic_store_n(&header->worker_asleep, 0, __ATOMIC_SEQ_CST);
    }
    struct wire_completion completion = completions[head % WIRE_COMPLETIONS];

    __atomic_store_n(&header->completion_head, ++head, __ATOMIC_RELEASE);
    return completion;
}

static inline int64_t call(uint32_t number, const uint64_t *arguments) {
    static uint32_t tag = 1000;

    submit(number, ++tag, arguments);
    for (;;) {
        struct wire_completion completion = next();

        if (completion.kind == WIRE_COMPLETION && completion.tag == tag) {
            return completion.result;
        }
    }
}

static inline void start(void) {
    const uint64_t arguments[WIRE_ARGS] = {WIRE_ABI, CALLS_VERSION};

    if (call(CALL_CHANNEL_START, arguments) != 0) {
        _exit(WIRE_EXIT_CHANNEL);
    }
}

static inline void say(const char *text) {
    uint64_t arguments[WIRE_ARGS] = {LOG_WRITE_LEVEL_INFO, (uint64_t)strlen(text) << 32};

    memcpy(arena, text, strlen(text));
    (void)call(CALL_LOG_WRITE, arguments);
}

static inline _Noreturn void leave(void) {
    const uint64_t arguments[WIRE_ARGS] = {WIRE_EXIT_OK, 0};

    (void)call(CALL_CHANNEL_EXIT, arguments);
    _exit(0);
}

// Maps what the supervisor gave, as vm/start.c does, and closes it.
static inline void attach(void) {
    char *channel = NULL;

    page = map(WIRE_KERNEL_PAGE_SIZE, PROT_READ, WIRE_FD_KERNEL);
    channel = map(WIRE_CHANNEL_SIZE(page->arena_size), PROT_READ | PROT_WRITE, WIRE_FD_CHANNEL);
    header = (void *)channel;
    submissions = (void *)(channel + WIRE_SUBMISSION_OFFSET);
    completions = (void *)(channel + WIRE_COMPLETION_OFFSET);
    arena = channel + WIRE_ARENA_OFFSET;
    __asm__ volatile("" ::"r"(heap));
}

struct attack {
    const char *name;
    void (*run)(void);
};

// Attaches and runs that of the N attacks which is called as the app is.
static inline _Noreturn void run_attack(const struct attack *attacks, size_t n) {
    attach();
    for (size_t i = 0; i < n; i++) {
        if (strcmp(attacks[i].name, page->app) == 0) {
            attacks[i].run();
        }
    }
    _exit(WIRE_EXIT_IMAGE);
}

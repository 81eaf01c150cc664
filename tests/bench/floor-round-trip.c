// SPDX-License-Identifier: MIT

// The least that a round trip between two processes can cost: floor-round-trip KIND CPU PEER_CPU.
//
//     eventfd   two blocking eventfds, a write and a read on either side, nothing else
//     spin      two words of shared memory, written and looked at without end
//
// Prints the nanoseconds of one round trip.

#include <err.h>
#include <sched.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/bench/slices.h"

#if defined(__x86_64__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#endif

#define EVENTFD_ROUND_TRIPS 60
#define SPIN_ROUND_TRIPS 600

struct words {
    alignas(64) uint32_t question;
    alignas(64) uint32_t answer;
};

static int ask_fd, answer_fd;
static struct words *words;

static void pin(const char *cpu) {
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET(atoi(cpu), &set);
    if (sched_setaffinity(0, sizeof(set), &set) < 0) {
        err(1, "cannot run on CPU %s", cpu);
    }
}

static void ring(int fd) {
    static const uint64_t one = 1;

    if (write(fd, &one, sizeof(one)) != sizeof(one)) {
        _exit(1);
    }
}

static void sleep_on(int fd) {
    uint64_t count = 0;

    if (read(fd, &count, sizeof(count)) != sizeof(count)) {
        _exit(1);
    }
}

static void eventfd_ask(void *context) {
    ring(ask_fd);
    sleep_on(answer_fd);
}

static void eventfd_serve(void) {
    for (;;) {
        sleep_on(ask_fd);
        ring(answer_fd);
    }
}

static void await(const uint32_t *word, uint32_t value) {
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value) {
        PAUSE();
    }
}

static void spin_ask(void *context) {
    static uint32_t n;

    __atomic_store_n(&words->question, ++n, __ATOMIC_RELEASE);
    await(&words->answer, n);
}

static void spin_serve(void) {
    for (uint32_t n = 1;; n++) {
        await(&words->question, n);
        __atomic_store_n(&words->answer, n, __ATOMIC_RELEASE);
    }
}

static const struct kind {
    const char *name;
    void (*ask)(void *context);
    void (*serve)(void);
    unsigned n;
} kinds[] = {
    {"eventfd", eventfd_ask, eventfd_serve, EVENTFD_ROUND_TRIPS},
    {"spin", spin_ask, spin_serve, SPIN_ROUND_TRIPS},
};

static void prepare(void) {
    ask_fd = eventfd(0, EFD_CLOEXEC);
    answer_fd = eventfd(0, EFD_CLOEXEC);
    words = mmap(NULL, sizeof(*words), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (ask_fd < 0 || answer_fd < 0 || words == MAP_FAILED) {
        err(1, "cannot prepare");
    }
}

static void measure(const struct kind *kind, char **cpus) {
    struct slice_item item = {.once = kind->ask, .n = kind->n};
    double nsec = 0;
    pid_t peer = fork();

    if (peer < 0) {
        err(1, "fork");
    }
    if (peer == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin(cpus[1]);
        kind->serve();
    }
    pin(cpus[0]);
    slices_measure(&item, 1, &nsec);
    printf("%.1f\n", nsec);
    (void)kill(peer, SIGKILL);
}

int main(int argc, char **argv) {
    for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kinds[i].name, argv[1]) == 0) {
            prepare();
            measure(&kinds[i], argv + 2);
            return 0;
        }
    }
    errx(2, "usage: floor-round-trip eventfd|spin CPU PEER_CPU");
}

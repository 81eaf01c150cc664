// SPDX-License-Identifier: MIT
#include "call/doorbell.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "call/wire.h"

#define SPINS_PER_LOOK 16 /* pauses between two looks at the clock */
#define MISSES_UNLUCKY 8  /* in a row: stop spinning for a while */
#define SKIP_UNLUCKY 256  /* waits without a spin, once unlucky */
#define POSTS_PER_CPU 64  /* posts between two that tell the CPU */

#if defined(__x86_64__)

#include <cpuid.h>

#define CPU_MASK 0xfffu       /* how Linux lays CPU and node in TSC_AUX and the segment limit */
#define CPU_NODE_SEGMENT 0x7b /* __CPUNODE_SEG, arch/x86/include/asm/segment.h */

static bool machine_has_rdtscp(void) {
    // Asked once: CPUID traps in a virtual machine.
    static int known = -1;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;

    if (known < 0) {
        known = __get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx) && (edx & (1u << 27));
    }
    return known;
}

uint32_t doorbell_cpu(void) {
    uint32_t value = 0, low = 0, high = 0;
    bool valid = false;

    if (machine_has_rdtscp()) {
        __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(value));
        return value & CPU_MASK;
    }
    __asm__ volatile("lsl %2, %0" : "=r"(value), "=@ccz"(valid) : "r"(CPU_NODE_SEGMENT));
    return valid ? value & CPU_MASK : WIRE_NO_CPU;
}

static void pause_cpu(void) {
    __builtin_ia32_pause();
}

#elif defined(__aarch64__)

// No register that a program may read says which CPU this is, and a worker has no Linux call to ask
// by. So nobody spins; every wait sleeps.
uint32_t doorbell_cpu(void) {
    return WIRE_NO_CPU;
}

static void pause_cpu(void) {
    __asm__ volatile("yield" ::: "memory");
}

#else
#error "which CPU is this, and how does it pause?"

#endif

void doorbell_tell_cpu(struct doorbell_luck *luck, uint32_t *cpu) {
    if (luck->n_told++ % POSTS_PER_CPU == 0) {
        luck->cpu = doorbell_cpu();
        __atomic_store_n(cpu, luck->cpu, __ATOMIC_RELAXED);
    }
}

int doorbell_ring(int fd) {
    static const uint64_t one = 1;

    while (write(fd, &one, sizeof(one)) < 0) {
        if (errno == EAGAIN) {
            return 0;
        }
        if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

uint32_t doorbell_publish(uint32_t *tail, uint32_t value, const uint32_t *asleep) {
    __atomic_store_n(tail, value, __ATOMIC_SEQ_CST);
    return __atomic_load_n(asleep, __ATOMIC_SEQ_CST);
}

// 0 where the clock needs a system call that a worker does not have: then there is no spinning.
static uint64_t now_nsec(void) {
    struct timespec now;

    if (clock_gettime(CLOCK_MONOTONIC, &now) < 0) {
        return 0;
    }
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// The clock is asked after the first looks: an answer often comes sooner than the clock's.
static bool spin_until(const uint32_t *word, uint32_t seen, const void *entry, uint32_t spin_nsec) {
    uint64_t start = 0;
    uint64_t now = 0;

    do {
        for (unsigned i = 0; i < SPINS_PER_LOOK; i++) {
            __builtin_prefetch(entry);
            if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != seen) {
                return true;
            }
            pause_cpu();
        }
        now = now_nsec();
        start = start != 0 ? start : now;
    } while (now != 0 && now - start < spin_nsec);
    return false;
}

bool doorbell_spin(struct doorbell_luck *luck, const uint32_t *word, uint32_t seen,
                   const void *entry, const uint32_t *peer_cpu, uint32_t spin_nsec) {
    if (__atomic_load_n(word, __ATOMIC_ACQUIRE) != seen) {
        return true;
    }
    if (spin_nsec == 0) {
        return false;
    }
    if (luck->skip > 0) {
        luck->skip--;
        return false;
    }
    if (luck->cpu == WIRE_NO_CPU || __atomic_load_n(peer_cpu, __ATOMIC_RELAXED) == luck->cpu) {
        return false;
    }
    if (spin_until(word, seen, entry, spin_nsec)) {
        luck->misses = 0;
        return true;
    }
    if (++luck->misses >= MISSES_UNLUCKY) {
        luck->misses = MISSES_UNLUCKY - 1;
        luck->skip = SKIP_UNLUCKY;
    }
    return false;
}

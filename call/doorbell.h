// SPDX-License-Identifier: MIT
#pragma once

// Posting to the peer and waiting for it without losing a wake-up. Both ends of a channel use these
// in the same order:
//
//     post:  fill entries; publish own CPU; store tail (seq_cst); ring if the peer sleeps for this
//     wait:  spin while the peer is awake on another CPU; store asleep (seq_cst); look again;
//            sleep; store asleep = 0
//
// The seq_cst store of one side and load of the other order "tail, then asleep" against "asleep,
// then tail": at least one side sees the other's store.

#include <stdbool.h>
#include <stdint.h>

// The CPU this thread runs on, without a system call, or WIRE_NO_CPU where the machine cannot say.
uint32_t doorbell_cpu(void);

// Adds one to the eventfd FD. Never blocks where FD is non-blocking; a counter that is already full
// rings all the same. Returns 0 or -errno.
int doorbell_ring(int fd);

// Stores TAIL for the peer to see and returns *asleep, the peer's flag: unless it is 0, the peer
// may have to be rung.
uint32_t doorbell_publish(uint32_t *tail, uint32_t value, const uint32_t *asleep);

// Whether spinning has been worth it lately. Zero-initialise. While spins keep missing, most waits
// skip the spin and sleep at once.
struct doorbell_luck {
    uint32_t misses; /* in a row */
    uint32_t skip;   /* waits to go before the next try */
    uint32_t n_told; /* posts, of which some tell the CPU */
    uint32_t cpu;    /* as last told */
};

// Tells the peer in *cpu where this thread runs, with one post of many: asking costs as much as
// half of a call, and who is believed elsewhere costs the peer one spin in vain.
void doorbell_tell_cpu(struct doorbell_luck *luck, uint32_t *cpu);

// Spins until *word differs from SEEN, for at most SPIN_NSEC, and only while *peer_cpu is another
// CPU than this one. Returns true as soon as it differs. 0 ns never spins. ENTRY is what will be
// read then: its cache line is fetched along with the word's, not after it.
bool doorbell_spin(struct doorbell_luck *luck, const uint32_t *word, uint32_t seen,
                   const void *entry, const uint32_t *peer_cpu, uint32_t spin_nsec);

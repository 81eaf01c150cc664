// SPDX-License-Identifier: MIT
#include "vm/socket.h"

#include "call/caller.h"

// The upper quarter of the arena, for buffers of calls that nobody waits for yet: they are given
// back in any order, which the arena's own allocator is not made for.

#define SLOT_SIZE 1024u
#define SLOTS_MAX 64u
#define CALLS_LEFT 8 /* of those that can be in flight, to calls that are waited for */

static uint8_t *pool;
static uint64_t free_slots; /* bit i: slot i is free */

static void make_pool(void) {
    size_t size = caller.arena_size / 4, n_slots = size / SLOT_SIZE;

    if (n_slots > SLOTS_MAX) {
        n_slots = SLOTS_MAX;
    }
    size = n_slots * SLOT_SIZE;
    if (caller.arena_used > caller.arena_size - size) {
        return;
    }
    caller.arena_size -= size;
    pool = caller.arena + caller.arena_size;
    free_slots = UINT64_MAX >> (SLOTS_MAX - n_slots);
}

static unsigned n_slots_of(size_t size) {
    return (unsigned)((size + SLOT_SIZE - 1) / SLOT_SIZE);
}

static uint64_t mask_of(size_t size) {
    return UINT64_MAX >> (SLOTS_MAX - n_slots_of(size));
}

// The first of as many free slots as SIZE takes, or -1.
static int find_slots(size_t size) {
    uint64_t starts = free_slots;

    for (unsigned i = 1; i < n_slots_of(size); i++) {
        starts &= free_slots >> i;
    }
    if (starts == 0 || __builtin_popcountll(caller.free_slots) <= CALLS_LEFT) {
        return -1;
    }
    return __builtin_ctzll(starts);
}

uint8_t *socket_pool_take(size_t size) {
    int first;

    if (pool == NULL) {
        make_pool();
    }
    first = find_slots(size);
    if (first < 0) {
        (void)socket_later_run(); /* much of it may be done with */
        first = find_slots(size);
    }
    if (first < 0) {
        return NULL;
    }
    free_slots &= ~(mask_of(size) << first);
    return pool + (size_t)first * SLOT_SIZE;
}

void socket_pool_give(uint8_t *buffer, size_t size) {
    free_slots |= mask_of(size) << ((size_t)(buffer - pool) / SLOT_SIZE);
}

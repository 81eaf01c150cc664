// SPDX-License-Identifier: MIT
#include "call/caller.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "call/calls.h"

#define SLOT_BITS 6
#define SLOT_MASK (WIRE_SUBMISSIONS - 1)
#define ARENA_ALIGN 16u

_Static_assert(WIRE_SUBMISSIONS == 1u << SLOT_BITS, "a tag holds its slot, free_slots is 64 bits");

struct caller caller;

int caller_attach(void *channel, size_t channel_size, const void *kernel_page) {
    const struct wire_kernel_page *kernel = kernel_page;

    if (kernel->magic != WIRE_MAGIC || kernel->abi != WIRE_ABI ||
        WIRE_CHANNEL_SIZE(kernel->arena_size) != channel_size) {
        return -EPROTO;
    }
    caller = (struct caller){
        .header = channel,
        .submissions = (void *)((uint8_t *)channel + WIRE_SUBMISSION_OFFSET),
        .completions = (void *)((uint8_t *)channel + WIRE_COMPLETION_OFFSET),
        .readiness = (void *)((uint8_t *)channel + WIRE_READINESS_OFFSET),
        .arena = (uint8_t *)channel + WIRE_ARENA_OFFSET,
        .arena_size = kernel->arena_size,
        .kernel = kernel,
        .sleep_fd = WIRE_FD_SLEEP,
        .ring_fd = WIRE_FD_RING,
        .free_slots = UINT64_MAX,
        .serial = 1,
    };
    return 0;
}

void *caller_alloc(size_t size) {
    size_t place = (caller.arena_used + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);

    if (place > caller.arena_size || size > caller.arena_size - place) {
        return NULL;
    }
    caller.arena_used = place + size;
    caller.arena_n_regions++;
    return caller.arena + place;
}

void caller_release(void *region, size_t size) {
    size_t place = (size_t)((uint8_t *)region - caller.arena);

    if (--caller.arena_n_regions == 0) {
        caller.arena_used = 0;
    } else if (place + size == caller.arena_used) {
        caller.arena_used = place;
    }
}

uint64_t caller_pack(const void *region, size_t size) {
    if (size == 0) {
        return 0;
    }
    return (uint64_t)((const uint8_t *)region - caller.arena) | (uint64_t)size << 32;
}

uint32_t caller_submit(uint32_t call, const uint64_t arg[WIRE_ARGS]) {
    struct wire_submission *entry = NULL;
    struct caller_slot *slot = NULL;
    uint32_t index = 0;

    if (caller.free_slots == 0) {
        return 0;
    }
    index = (uint32_t)__builtin_ctzll(caller.free_slots);
    caller.free_slots &= caller.free_slots - 1;
    slot = &caller.slots[index];
    *slot = (struct caller_slot){
        .tag = index | caller.serial << SLOT_BITS,
        .state = CALLER_IN_FLIGHT,
    };
    // Serial 0 never occurs, so that no tag is 0.
    caller.serial = caller.serial + 1 < UINT32_MAX >> SLOT_BITS ? caller.serial + 1 : 1;
    entry = &caller.submissions[caller.submission_tail++ % WIRE_SUBMISSIONS];
    entry->call = call;
    entry->tag = slot->tag;
    entry->reserved = 0;
    memcpy(entry->arg, arg, sizeof(entry->arg));
    return slot->tag;
}

// Not with each completion: the supervisor may be spinning on the same cache line. It needs to know
// before the next call, before a sleep and after an upcall.
static void publish_head(void) {
    __atomic_store_n(&caller.header->completion_head, caller.completion_head, __ATOMIC_RELEASE);
}

void caller_flush(void) {
    publish_head();
    // Asking the machine how to ask for the CPU costs a tenth of a launch where CPUID traps.
    if (caller.kernel->spin_nsec > 0) {
        doorbell_tell_cpu(&caller.luck, &caller.header->worker_cpu);
    }
    if (doorbell_publish(&caller.header->submission_tail, caller.submission_tail,
                         &caller.header->supervisor_asleep)) {
        (void)doorbell_ring(caller.ring_fd);
    }
}

static void free_slot(struct caller_slot *slot) {
    slot->state = CALLER_FREE;
    caller.free_slots |= 1ull << (slot->tag & SLOT_MASK);
}

static void complete(const struct wire_completion *entry) {
    struct caller_slot *slot = &caller.slots[entry->tag & SLOT_MASK];

    if (slot->tag != entry->tag) {
        return;
    }
    if (slot->state == CALLER_DETACHED) {
        free_slot(slot);
    } else if (slot->state == CALLER_IN_FLIGHT) {
        slot->state = CALLER_DONE;
        slot->result = entry->result;
    }
}

void caller_consume(void) {
    uint32_t tail = __atomic_load_n(&caller.header->completion_tail, __ATOMIC_ACQUIRE);

    while (caller.completion_head != tail) {
        struct wire_completion entry =
            caller.completions[caller.completion_head++ % WIRE_COMPLETIONS];

        if (entry.kind == WIRE_COMPLETION) {
            complete(&entry);
        } else {
            publish_head();
            caller_on_upcall(entry.kind, entry.tag, entry.result);
        }
    }
}

// Sleeps until the supervisor has ended TAG or posted an upcall; what else it posted may end the
// sleep as well, and need not. Not at all if something is there that is not consumed yet.
static void sleep_until_posted(uint32_t tag) {
    struct wire_header *header = caller.header;
    uint64_t count = 0;

    if (doorbell_spin(&caller.luck, &header->completion_tail, caller.completion_head,
                      &caller.completions[caller.completion_head % WIRE_COMPLETIONS],
                      &header->supervisor_cpu, caller.kernel->spin_nsec)) {
        return;
    }
    publish_head();
    __atomic_store_n(&header->worker_asleep, tag, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&header->completion_tail, __ATOMIC_SEQ_CST) == caller.completion_head) {
        (void)!read(caller.sleep_fd, &count, sizeof(count));
    }
    __atomic_store_n(&header->worker_asleep, 0, __ATOMIC_RELAXED);
}

static void cancel(uint32_t tag) {
    uint32_t cancel_tag = caller_submit(CALL_CHANNEL_CANCEL, (uint64_t[WIRE_ARGS]){tag});

    if (cancel_tag != 0) {
        caller.slots[cancel_tag & SLOT_MASK].state = CALLER_DETACHED;
        caller_flush();
    }
}

int caller_poll(uint32_t tag, int64_t *ret_result) {
    struct caller_slot *slot = &caller.slots[tag & SLOT_MASK];

    caller_consume();
    if (slot->tag != tag || slot->state != CALLER_DONE) {
        return 0;
    }
    *ret_result = slot->result;
    free_slot(slot);
    return 1;
}

int64_t caller_wait(uint32_t tag) {
    int64_t result = 0;
    int cancelled = 0;

    while (!caller_poll(tag, &result)) {
        int should_cancel = !cancelled && caller_should_cancel();

        // That may have consumed the completion, and no other need come.
        if (caller_poll(tag, &result)) {
            break;
        }
        if (should_cancel) {
            cancelled = 1;
            cancel(tag);
        } else {
            sleep_until_posted(tag);
        }
    }
    return result;
}

int64_t caller_call(uint32_t call, const uint64_t arg[WIRE_ARGS]) {
    uint32_t tag = caller_submit(call, arg);

    if (tag == 0) {
        return -EAGAIN;
    }
    caller_flush();
    return caller_wait(tag);
}

uint32_t caller_ready(uint32_t handle) {
    return __atomic_load_n(&caller.readiness[handle % WIRE_HANDLES], __ATOMIC_RELAXED);
}

uint32_t caller_generation(void) {
    return __atomic_load_n(&caller.header->readiness_generation, __ATOMIC_ACQUIRE);
}

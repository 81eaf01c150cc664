// SPDX-License-Identifier: MIT
#pragma once

// The worker's end of a channel: submit calls, wait for their completions, read what the supervisor
// publishes. Not thread-safe; a worker has one thread. The generated proxies (call_x()) are built
// on caller_call().

#include <stddef.h>
#include <stdint.h>

#include "call/doorbell.h"
#include "call/wire.h"

enum caller_state {
    CALLER_FREE = 0,
    CALLER_IN_FLIGHT,
    CALLER_DETACHED, /* in flight, and nobody will ask for its result */
    CALLER_DONE,
};

// A call in flight or its result, until somebody waits for it. Tag: slot | serial << 6.
struct caller_slot {
    uint32_t tag;
    uint32_t state; /* enum caller_state */
    int64_t result;
};

struct caller {
    struct wire_header *header;
    struct wire_submission *submissions;
    const struct wire_completion *completions;
    const uint32_t *readiness;
    uint8_t *arena;
    size_t arena_size;
    const struct wire_kernel_page *kernel;

    int sleep_fd; /* WIRE_FD_SLEEP */
    int ring_fd;  /* WIRE_FD_RING */

    uint32_t submission_tail;
    uint32_t completion_head;
    struct caller_slot slots[WIRE_SUBMISSIONS];
    uint64_t free_slots; /* bit i: slots[i] is free */
    uint32_t serial;     /* of the next tag */
    struct doorbell_luck luck;

    size_t arena_used;        /* bump allocator: everything below is in use ... */
    uint32_t arena_n_regions; /* ... by this many regions */
};

// The one channel of this process; set up by caller_attach().
extern struct caller caller;

// Takes over the mapped channel and kernel page. CHANNEL_SIZE is what the image says; returns 0 or
// -EPROTO if the kernel page contradicts it or has another ABI.
int caller_attach(void *channel, size_t channel_size, const void *kernel_page);

// Called with every upcall, in order, from whatever function consumed it. Supplied by the VM.
void caller_on_upcall(uint32_t kind, uint32_t tag, int64_t result);

// Called each time caller_wait() is about to sleep. Nonzero ends the call early, once: it then
// returns -ECANCELED, or its result if it was just done. Supplied by the VM: a stop is pending.
int caller_should_cancel(void);

// Reserves SIZE bytes of the arena. Returns NULL if there is no room. Regions are released in any
// order; space returns when the latest ones are gone.
void *caller_alloc(size_t size);
void caller_release(void *region, size_t size);

// Packs a region for a submission argument. An empty region (size 0) packs as 0.
uint64_t caller_pack(const void *region, size_t size);

// Puts a call into the ring without ringing. Returns its tag (never 0) or 0 if WIRE_SUBMISSIONS
// calls are in flight.
uint32_t caller_submit(uint32_t call, const uint64_t arg[WIRE_ARGS]);

// Makes everything submitted visible and wakes the supervisor if it sleeps.
void caller_flush(void);

// Waits for the completion of TAG, consuming what comes before it. Completions of other tags are
// kept for their own caller_wait(). Returns the call's result.
int64_t caller_wait(uint32_t tag);

// The completion of TAG if it is there: returns 1 and *ret_result, or 0.
int caller_poll(uint32_t tag, int64_t *ret_result);

// Consumes what has come without waiting: upcalls reach caller_on_upcall().
void caller_consume(void);

// Submit, flush, wait: a synchronous call. Returns its result, >= 0 or -errno.
int64_t caller_call(uint32_t call, const uint64_t arg[WIRE_ARGS]);

// The readiness bits (enum wire_ready) of a handle, without a call.
uint32_t caller_ready(uint32_t handle);

// The generation to give to call_channel_wait(): read it before looking at readiness.
uint32_t caller_generation(void);

// The control word: the stop level and the count of upcalls. One load, for the VM's loop.
static inline uint32_t caller_control(void) {
    return __atomic_load_n(&caller.header->control, __ATOMIC_RELAXED);
}

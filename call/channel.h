// SPDX-License-Identifier: MIT
#pragma once

// The supervisor's end of a channel. The other end is hostile: every index and every byte it wrote
// is checked or copied here, so that nothing above this file reads shared memory.
//
// A worker that breaks the protocol leaves the reason in channel->broken (NULL: none yet) and is
// for the supervisor to kill; -errno is our own failure.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/doorbell.h"
#include "call/wire.h"

struct channel {
    struct wire_header *header; /* start of the shared mapping */
    struct wire_submission *submissions;
    struct wire_completion *completions;
    uint32_t *readiness;
    uint8_t *arena;
    size_t arena_size;

    int memory_fd;   /* the memfd, handed to workers */
    int ring_fd;     /* eventfd the worker sleeps on */
    int doorbell_fd; /* eventfd the worker rings; non-blocking */

    /* private truth; what the shared header says about these is only ever checked against them */
    uint32_t submission_head;
    uint32_t completion_tail;
    uint32_t completion_published;
    uint32_t n_in_flight;      /* taken and not yet completed */
    uint32_t control;          /* as published */
    uint32_t n_upcalls_untold; /* posted, and not yet counted in it */
    uint32_t readiness_generation;
    uint32_t ready[WIRE_HANDLES];
    uint32_t posted[WIRE_COMPLETIONS]; /* whose end each completion is; WIRE_ASLEEP: an upcall */
    struct doorbell_luck luck;

    const char *broken; /* how the worker broke the protocol, or NULL */
};

// Makes an empty memfd and the two eventfds, so that they can be handed on before the arena's size
// is known. Returns 0 or -errno; on success the channel is closed with channel_done().
int channel_init(struct channel *channel);
void channel_done(struct channel *channel);

// Gives the channel its arena, maps it and seals its size for good: the worker must not be able to
// shrink what we have mapped. Once, before the first worker. Returns 0 or -errno.
int channel_resize(struct channel *channel, size_t arena_size);

// Forgets a dead worker: zeroes the shared memory and the private indices, drains the eventfds.
void channel_reset(struct channel *channel);

// Copies SIZE bytes out of memory that the worker can write at any time. The only function that
// does. The compiler can neither read the source twice nor look at it again afterwards.
void channel_take(void *destination, const void *shared, size_t size);

// Takes the next submission, if any. Returns 1 with *ret_submission private, 0 if there is none or
// the worker broke the protocol (an impossible index, more calls in flight than slots).
int channel_next(struct channel *channel, struct wire_submission *ret_submission);

// Finds the arena window of a packed buffer argument (offset | length << 32). Returns 0 with
// *ret_memory shared and *ret_size, or -EFAULT if it is not inside the arena.
int channel_window(const struct channel *channel, uint64_t packed, uint8_t **ret_memory,
                   size_t *ret_size);

// Ends the call TAG. Visible to the worker after the next channel_flush(). A worker that has left
// no room for it has broken the protocol.
void channel_complete(struct channel *channel, uint32_t tag, int64_t result);

// Posts an upcall. Returns 0, or -EAGAIN if the worker has not consumed enough: keep it queued and
// try again when it next makes a call.
int channel_upcall(struct channel *channel, uint32_t kind, uint32_t tag, int64_t result);

// Makes everything completed and posted visible and wakes the worker if it sleeps. One store of the
// tail for the whole batch. Returns 0 or -errno.
int channel_flush(struct channel *channel);

// Sets the stop level the VM's loop polls.
void channel_stop(struct channel *channel, enum wire_stop level);

// Sets and clears readiness bits (enum wire_ready) of handle slot INDEX. A bit newly set raises the
// generation; returns true then: a worker that waits for it is to be woken.
bool channel_ready(struct channel *channel, uint32_t index, uint32_t set, uint32_t clear);

// True if submissions wait or, until then, spins up to SPIN_NSEC for one; false: now asleep, and
// the doorbell will ring. Call channel_awake() after sleeping.
bool channel_pending(struct channel *channel, uint32_t spin_nsec);
void channel_awake(struct channel *channel);

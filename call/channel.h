// SPDX-License-Identifier: MIT
#pragma once

// The supervisor's end of a channel. The other end is hostile: every index and every byte it wrote
// is checked or copied here, so that nothing above this file reads shared memory.
//
// Results that end the worker are positive CHANNEL_BROKEN; our own failures are -errno.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

enum {
    CHANNEL_BROKEN = 1, /* the worker broke the protocol; channel->broken says how */
};

struct channel {
    struct wire_header *header; /* start of the shared mapping */
    struct wire_submission *submissions;
    struct wire_completion *completions;
    uint32_t *readiness;
    uint8_t *arena;
    size_t arena_size;

    int memory_fd; /* the memfd, handed to workers */
    int ring_fd;   /* eventfd the worker sleeps on */
    int doorbell_fd; /* eventfd the worker rings; non-blocking */

    /* private truth; what the shared header says about these is only ever checked against them */
    uint32_t submission_head;
    uint32_t completion_tail;
    uint32_t n_in_flight; /* taken and not yet completed */
    uint32_t control;
    uint32_t readiness_generation;
    bool must_ring;

    const char *broken; /* why, after CHANNEL_BROKEN */
};

// Makes the memfd of the given size and the two eventfds. Returns 0 or -errno; on success the
// channel is closed with channel_done().
int channel_init(struct channel *channel, size_t arena_size);
void channel_done(struct channel *channel);

// Forgets a dead worker: zeroes the shared memory and the private indices, drains the eventfds.
void channel_reset(struct channel *channel);

// Copies SIZE bytes out of memory that the worker can write at any time. The only function that
// does. The compiler can neither read the source twice nor look at it again afterwards.
void channel_take(void *destination, const void *shared, size_t size);

// Takes the next submission, if any. Returns 1 with *ret_submission private, 0 if there is none,
// -EPROTO if the ring's index is impossible (channel->broken is set).
int channel_next(struct channel *channel, struct wire_submission *ret_submission);

// Finds the arena window of a packed buffer argument (offset | length << 32). Returns 0 with
// *ret_memory shared and *ret_size, or -EFAULT if it is not inside the arena.
int channel_window(const struct channel *channel, uint64_t packed, uint8_t **ret_memory,
                   size_t *ret_size);

// Ends the call TAG. Visible to the worker after the next channel_flush().
void channel_complete(struct channel *channel, uint32_t tag, int64_t result);

// Posts an upcall. Returns 0, or -EAGAIN if the worker has not consumed enough: keep it queued and
// try again when it next makes a call.
int channel_upcall(struct channel *channel, uint32_t kind, uint32_t tag, int64_t result);

// Makes everything completed and posted visible and wakes the worker if it sleeps. One store of the
// tail for the whole batch. Returns 0 or -errno.
int channel_flush(struct channel *channel);

// Sets the stop level the VM's loop polls.
void channel_stop(struct channel *channel, enum wire_stop level);

// Replaces the readiness bits of handle slot INDEX; a bit newly set raises the generation.
void channel_ready(struct channel *channel, uint32_t index, uint32_t bits);

// True if submissions wait or, until then, spins up to SPIN_NSEC for one; false: now asleep, and
// the doorbell will ring. Call channel_awake() after sleeping.
bool channel_pending(struct channel *channel, uint32_t spin_nsec);
void channel_awake(struct channel *channel);

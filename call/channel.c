// SPDX-License-Identifier: MIT
#include "call/channel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"

int channel_init(struct channel *channel) {
    CLEANUP_FD int memory = fd_new_memory("mpyd-channel", 0, false);
    // The worker's read must sleep, so its eventfd blocks. Ours never does: a hostile worker may
    // leave the counter full.
    CLEANUP_FD int ring = eventfd(0, EFD_CLOEXEC);
    CLEANUP_FD int doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (memory < 0) {
        return memory;
    }
    if (ring < 0 || doorbell < 0) {
        return -errno;
    }
    *channel = (struct channel){
        .memory_fd = steal_fd(&memory),
        .ring_fd = steal_fd(&ring),
        .doorbell_fd = steal_fd(&doorbell),
    };
    return 0;
}

void channel_done(struct channel *channel) {
    if (channel->header) {
        (void)munmap(channel->header, WIRE_CHANNEL_SIZE(channel->arena_size));
    }
    close_fd(channel->memory_fd);
    close_fd(channel->ring_fd);
    close_fd(channel->doorbell_fd);
    *channel = (struct channel){.memory_fd = -1, .ring_fd = -1, .doorbell_fd = -1};
}

int channel_resize(struct channel *channel, size_t arena_size) {
    void *memory = NULL;
    int r = 0;

    assert(!channel->header && arena_size % WIRE_PAGE == 0);
    if (ftruncate(channel->memory_fd, (off_t)WIRE_CHANNEL_SIZE(arena_size)) < 0 ||
        fcntl(channel->memory_fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        return -errno;
    }
    r = fd_map(channel->memory_fd, WIRE_CHANNEL_SIZE(arena_size), true, &memory);
    if (r < 0) {
        return r;
    }
    channel->header = memory;
    channel->submissions = (void *)((uint8_t *)memory + WIRE_SUBMISSION_OFFSET);
    channel->completions = (void *)((uint8_t *)memory + WIRE_COMPLETION_OFFSET);
    channel->readiness = (void *)((uint8_t *)memory + WIRE_READINESS_OFFSET);
    channel->arena = (uint8_t *)memory + WIRE_ARENA_OFFSET;
    channel->arena_size = arena_size;
    channel_reset(channel);
    return 0;
}

// A ring that stays in it wakes the next worker once for nothing. No worker runs that could take it
// between the two calls, and one of the descriptors is blocking.
static void drain(int fd) {
    struct pollfd rung = {.fd = fd, .events = POLLIN};
    uint64_t count = 0;

    if (poll(&rung, 1, 0) > 0) {
        (void)!read(fd, &count, sizeof(count));
    }
}

void channel_reset(struct channel *channel) {
    // NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): fd_map() has set it, in another file
    memset(channel->header, 0, WIRE_ARENA_OFFSET);
    // Gives the pages of the arena back and leaves it zero: the next worker reads nothing of the
    // last one, and costs no memory until it uses it.
    if (madvise(channel->arena, channel->arena_size, MADV_REMOVE) < 0) {
        memset(channel->arena, 0, channel->arena_size);
    }
    channel->header->worker_cpu = WIRE_NO_CPU;
    drain(channel->ring_fd);
    drain(channel->doorbell_fd);
    channel->submission_head = 0;
    channel->completion_tail = 0;
    channel->completion_published = 0;
    channel->n_in_flight = 0;
    channel->control = 0;
    channel->n_upcalls_untold = 0;
    channel->readiness_generation = 0;
    memset(channel->ready, 0, sizeof(channel->ready));
    channel->luck = (struct doorbell_luck){0};
    doorbell_tell_cpu(&channel->luck, &channel->header->supervisor_cpu);
    channel->broken = NULL;
}

__attribute__((noinline)) void channel_take(void *destination, const void *shared, size_t size) {
    memcpy(destination, shared, size);
    // What was copied is all there is: a compiler that wanted to look at the source again would
    // have to assume that it has changed. A struct assignment gives no such promise.
    __asm__ volatile("" ::: "memory");
}

int channel_next(struct channel *channel, struct wire_submission *ret_submission) {
    uint32_t tail = __atomic_load_n(&channel->header->submission_tail, __ATOMIC_ACQUIRE);

    if (channel->broken || tail == channel->submission_head) {
        return 0;
    }
    if (tail - channel->submission_head > WIRE_SUBMISSIONS) {
        channel->broken = "submission index beyond the ring";
        return 0;
    }
    if (channel->n_in_flight == WIRE_SUBMISSIONS) {
        channel->broken = "more calls in flight than slots";
        return 0;
    }
    channel_take(ret_submission, &channel->submissions[channel->submission_head % WIRE_SUBMISSIONS],
                 sizeof(*ret_submission));
    channel->submission_head++;
    channel->n_in_flight++;
    return 1;
}

int channel_window(const struct channel *channel, uint64_t packed, uint8_t **ret_memory,
                   size_t *ret_size) {
    size_t offset = packed & UINT32_MAX;
    size_t size = packed >> 32;

    if (offset > channel->arena_size || size > channel->arena_size - offset) {
        return -EFAULT;
    }
    *ret_memory = channel->arena + offset;
    *ret_size = size;
    return 0;
}

// Entries the worker says it has not consumed. More than the ring holds is a lie.
static uint32_t n_unconsumed(struct channel *channel) {
    uint32_t head = __atomic_load_n(&channel->header->completion_head, __ATOMIC_ACQUIRE);
    uint32_t n = channel->completion_tail - head;

    if (n > WIRE_COMPLETIONS && !channel->broken) {
        channel->broken = "completion index beyond the ring";
    }
    return n;
}

static void post(struct channel *channel, uint32_t kind, uint32_t tag, int64_t result) {
    uint32_t place = channel->completion_tail++ % WIRE_COMPLETIONS;

    channel->completions[place] =
        (struct wire_completion){.tag = tag, .kind = kind, .result = result};
    channel->posted[place] = kind == WIRE_COMPLETION ? tag : WIRE_ASLEEP;
}

void channel_complete(struct channel *channel, uint32_t tag, int64_t result) {
    assert(channel->n_in_flight > 0);
    channel->n_in_flight--;
    if (n_unconsumed(channel) >= WIRE_COMPLETIONS) {
        if (!channel->broken) {
            channel->broken = "completions not consumed";
        }
        return;
    }
    post(channel, WIRE_COMPLETION, tag, result);
}

int channel_upcall(struct channel *channel, uint32_t kind, uint32_t tag, int64_t result) {
    if (n_unconsumed(channel) >= WIRE_UPCALLS) {
        return -EAGAIN;
    }
    post(channel, kind, tag, result);
    channel->n_upcalls_untold++;
    return 0;
}

// Whether what was posted since FIRST ends the sleep of a worker that says it is ASLEEP. The other
// completions can wait until it is awake: the end of a send, say, which nobody asked for.
static bool is_awaited(const struct channel *channel, uint32_t first, uint32_t asleep) {
    if (asleep == WIRE_ASLEEP) {
        return true;
    }
    for (uint32_t i = first; asleep != 0 && i != channel->completion_tail; i++) {
        uint32_t tag = channel->posted[i % WIRE_COMPLETIONS];

        if (tag == asleep || tag == WIRE_ASLEEP) {
            return true;
        }
    }
    return false;
}

// A VM that computes looks into the ring once for each control word that it sees: not before what
// the word counts is there.
static void tell_upcalls(struct channel *channel) {
    if (channel->n_upcalls_untold > 0) {
        channel->control += channel->n_upcalls_untold * WIRE_UPCALL_ONE;
        channel->n_upcalls_untold = 0;
        __atomic_store_n(&channel->header->control, channel->control, __ATOMIC_RELEASE);
    }
}

int channel_flush(struct channel *channel) {
    struct wire_header *header = channel->header;
    uint32_t first = channel->completion_published, asleep;

    if (first == channel->completion_tail) {
        return 0;
    }
    channel->completion_published = channel->completion_tail;
    doorbell_tell_cpu(&channel->luck, &header->supervisor_cpu);
    asleep = doorbell_publish(&header->completion_tail, channel->completion_tail,
                              &header->worker_asleep);
    tell_upcalls(channel);
    return is_awaited(channel, first, asleep) ? doorbell_ring(channel->ring_fd) : 0;
}

void channel_stop(struct channel *channel, enum wire_stop level) {
    channel->control = (channel->control & ~WIRE_STOP_MASK) | level;
    __atomic_store_n(&channel->header->control, channel->control, __ATOMIC_RELAXED);
}

bool channel_ready(struct channel *channel, uint32_t index, uint32_t set, uint32_t clear) {
    uint32_t before = 0;

    assert(index < WIRE_HANDLES);
    before = channel->ready[index];
    channel->ready[index] = (before & ~clear) | set;
    __atomic_store_n(&channel->readiness[index], channel->ready[index], __ATOMIC_RELAXED);
    if ((set & ~before) == 0) {
        return false;
    }
    channel->readiness_generation++;
    __atomic_store_n(&channel->header->readiness_generation, channel->readiness_generation,
                     __ATOMIC_RELEASE);
    return true;
}

bool channel_pending(struct channel *channel, uint32_t spin_nsec) {
    struct wire_header *header = channel->header;

    if (channel->broken) {
        return false;
    }
    if (doorbell_spin(&channel->luck, &header->submission_tail, channel->submission_head,
                      &channel->submissions[channel->submission_head % WIRE_SUBMISSIONS],
                      &header->worker_cpu, spin_nsec)) {
        return true;
    }
    __atomic_store_n(&header->supervisor_asleep, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&header->submission_tail, __ATOMIC_SEQ_CST) != channel->submission_head) {
        channel_awake(channel);
        return true;
    }
    return false;
}

void channel_awake(struct channel *channel) {
    __atomic_store_n(&channel->header->supervisor_asleep, 0, __ATOMIC_RELAXED);
}

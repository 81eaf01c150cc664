// SPDX-License-Identifier: MIT
#include "vm/socket.h"

#include <string.h>

#include "py/mperrno.h"
#include "py/mpstate.h"

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "vm/clock.h"
#include "vm/stop.h"
#include "vm/wait.h"

// Sends of non-blocking streams that nobody waits for: one is in the ring, and goes out with the
// next doorbell, which a server rings a moment later as it waits for its next request. As with the
// kernel's own buffer, to send means that the bytes are on their way; what goes wrong with them is
// told when the socket is used next. What the peer does not take at once is kept here.

#define LATERS 48
#define HELD_NSEC 500000      /* the longest that running bytecode holds submissions back */
#define TICKS_PER_LOOK 32     /* turns of the VM's loop between two looks at the clock */
#define FINISH_NSEC 500000000 /* what an app that ends gives its peers */
#define NSEC_PER_USEC 1000

#define CLOSING_MAX 8           /* closed sockets that still have bytes ... */
#define CLOSING_NSEC 5000000000 /* ... and how long: their peers may never read */
#define WRITE_END (WIRE_WRITABLE | WIRE_ERROR | WIRE_HANGUP)

struct later {
    uint32_t handle; /* 0: not in use */
    uint32_t tag;    /* of the call in flight; 0: the peer took no more */
    uint8_t *buffer; /* of the pool; NULL: all is sent, or ERROR */
    size_t size, sent;
    int error;       /* to be told */
    bool is_shut;    /* no more is sent: to be shut down once all is out */
    bool is_closing; /* the app has closed the socket */
    int64_t due;     /* until when it may be closing */
};

static struct later laters[LATERS];
static unsigned n_laters, n_closing;
static bool is_held;       /* sends wait for a doorbell ... */
static int64_t held_since; /* ... as long as the first of them */
static unsigned n_ticks;

// -- one of them ---------------------------------------------------------------------------------

static void release(struct later *later) {
    if (later->buffer != NULL) {
        socket_pool_give(later->buffer, later->size);
    }
    n_closing -= later->is_closing;
    *later = (struct later){0};
    n_laters--;
}

// Closes it, with what it has: the kernel's own buffer still goes out.
static void drop(struct later *later) {
    uint32_t handle = later->handle;

    release(later);
    (void)call_socket_close(handle);
}

static void submit(struct later *later) {
    uint64_t arg[WIRE_ARGS] = {later->handle,
                               caller_pack(later->buffer + later->sent, later->size - later->sent)};

    later->tag = caller_submit(CALL_SOCKET_SEND, arg);
}

static void settle(struct later *later, int64_t result) {
    later->tag = 0;
    if (result >= 0) {
        later->sent += (size_t)result;
    } else if (result != -MP_EAGAIN && result != -MP_ECANCELED) {
        later->error = (int)-result;
    }
    if (later->error != 0 || later->sent == later->size) {
        socket_pool_give(later->buffer, later->size);
        later->buffer = NULL;
    }
}

static void look(struct later *later) {
    int64_t result = 0;

    if (later->tag != 0 && caller_poll(later->tag, &result)) {
        settle(later, result);
    }
}

static void fetch(struct later *later) {
    if (later->tag != 0) {
        caller_flush();
        settle(later, caller_wait(later->tag));
    }
}

// Tries once more what the peer did not take, if there is a chance.
static void retry(struct later *later) {
    look(later);
    if (later->tag == 0 && later->buffer != NULL && (caller_ready(later->handle) & WRITE_END)) {
        submit(later);
        fetch(later);
    }
}

// Nothing left to do but to forget it, and what the app has done to the socket: close or shut down.
static bool end(struct later *later) {
    uint32_t handle = later->handle;

    if (later->tag != 0 || later->buffer != NULL) {
        return false;
    }
    if (later->is_closing) {
        drop(later);
        return true;
    }
    if (later->is_shut) {
        later->is_shut = false;
        (void)call_socket_shutdown(handle, SOCKET_SHUTDOWN_HOW_WRITE);
    }
    if (later->error != 0) {
        return false;
    }
    release(later);
    return true;
}

// -- of a socket ---------------------------------------------------------------------------------

static struct later *find(const socket_object_t *self, uint32_t handle) {
    struct later *later = self->later != 0 ? &laters[self->later - 1] : NULL;

    return later != NULL && later->handle == handle ? later : NULL;
}

static void hold(void) {
    if (!is_held) {
        is_held = true;
        held_since = clock_nsec(CLOCK_ID_MONOTONIC);
    }
    stop_seen = ~caller_control(); /* brings the VM's loop to socket_later_tick() */
}

bool socket_later_send(socket_object_t *self, const void *data, size_t size) {
    unsigned i = 0;
    uint8_t *buffer;

    if (!self->is_connected || self->timeout_usec != 0 || size == 0 || size > SOCKET_POOL_MAX ||
        n_laters == LATERS || (caller_ready(self->handle) & (WIRE_ERROR | WIRE_HANGUP)) ||
        (buffer = socket_pool_take(size)) == NULL) {
        return false;
    }
    while (laters[i].handle != 0) {
        i++;
    }
    memcpy(buffer, data, size);
    laters[i] = (struct later){.handle = self->handle, .buffer = buffer, .size = size};
    n_laters++;
    self->later = (uint8_t)(i + 1);
    submit(&laters[i]);
    hold();
    return true;
}

int socket_later_fetch(socket_object_t *self) {
    struct later *later = find(self, self->handle);
    int error = 0;

    if (self->is_send_over) {
        return MP_EPIPE;
    }
    if (later == NULL) {
        return 0;
    }
    fetch(later);
    retry(later);
    error = later->error;
    later->error = 0;
    self->is_send_over = error != 0; /* bytes are lost: none may follow */
    return end(later) ? error : MP_EAGAIN;
}

bool socket_later_shutdown(socket_object_t *self) {
    struct later *later = find(self, self->handle);

    if (later == NULL) {
        return false;
    }
    fetch(later);
    retry(later);
    later->is_shut = later->buffer != NULL;
    return later->is_shut;
}

bool socket_later_is_empty(const socket_object_t *self) {
    struct later *later = find(self, self->handle);

    if (later != NULL) {
        retry(later);
    }
    return later == NULL || later->tag != 0 || later->buffer == NULL;
}

bool socket_later_drop_oldest(void) {
    struct later *oldest = NULL;

    for (struct later *later = laters; later < laters + LATERS; later++) {
        if (later->is_closing && (oldest == NULL || later->due < oldest->due)) {
            oldest = later;
        }
    }
    if (oldest != NULL) {
        fetch(oldest);
        drop(oldest);
    }
    return oldest != NULL;
}

bool socket_later_close(socket_object_t *self, uint32_t handle) {
    struct later *later = find(self, handle);

    if (later == NULL) {
        return false;
    }
    fetch(later);
    if (later->buffer == NULL) {
        release(later);
        return false;
    }
    if (n_closing == CLOSING_MAX) {
        (void)socket_later_drop_oldest();
    }
    later->is_closing = true;
    later->due = clock_nsec(CLOCK_ID_MONOTONIC) + CLOSING_NSEC;
    n_closing++;
    return true;
}

// -- all of them ---------------------------------------------------------------------------------

static void run(void) {
    for (struct later *later = laters; n_laters > 0 && later < laters + LATERS; later++) {
        if (later->handle != 0) {
            retry(later);
            (void)end(later);
        }
    }
}

int64_t socket_later_run(void) {
    int64_t now = n_closing > 0 ? clock_nsec(CLOCK_ID_MONOTONIC) : 0, next = INT64_MAX;

    run();
    for (struct later *later = laters; n_closing > 0 && later < laters + LATERS; later++) {
        if (later->is_closing && later->due <= now) {
            fetch(later);
            drop(later);
        } else if (later->is_closing && later->due < next) {
            next = later->due;
        }
    }
    return next == INT64_MAX ? -1 : (next - now) / NSEC_PER_USEC + 1;
}

// Whether a peer still has to take something.
static bool is_waiting(void) {
    for (const struct later *later = laters; later < laters + LATERS; later++) {
        if (later->handle != 0 && later->buffer != NULL) {
            return true;
        }
    }
    return false;
}

void socket_later_finish(void) {
    int64_t end_nsec = clock_nsec(CLOCK_ID_MONOTONIC) + FINISH_NSEC;

    for (struct later *later = laters; n_laters > 0 && later < laters + LATERS; later++) {
        fetch(later);
    }
    while (is_waiting() && !MP_STATE_VM(vm_abort)) {
        int64_t left = end_nsec - clock_nsec(CLOCK_ID_MONOTONIC);

        MP_STATE_MAIN_THREAD(mp_pending_exception) = MP_OBJ_NULL; /* else no wait would sleep */
        if (left <= 0) {
            return;
        }
        wait_usec(left / NSEC_PER_USEC + 1); /* comes to socket_later_run() */
    }
}

void socket_later_tick(void) {
    if (__atomic_load_n(&caller.header->submission_tail, __ATOMIC_RELAXED) ==
        caller.submission_tail) {
        is_held = false; /* a doorbell has been rung since */
        return;
    }
    if (++n_ticks % TICKS_PER_LOOK == 0 &&
        clock_nsec(CLOCK_ID_MONOTONIC) - held_since > HELD_NSEC) {
        caller_flush();
        is_held = false;
        return;
    }
    stop_seen = ~caller_control();
}

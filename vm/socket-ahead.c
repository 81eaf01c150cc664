// SPDX-License-Identifier: MIT
#include "vm/socket.h"

#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"

// Receiving a stream before the app asks for it. Who polls a connected socket is about to read from
// it, so its receive is posted with whatever goes to the supervisor next. What has come is then
// taken together, with one doorbell for all sockets; what has not comes with the wake-up.
//
// A posted receive keeps its place in the order of the stream: while it is out, nothing else is
// received for its socket, and the socket is ready by what that receive brought alone.

#define WAITING_MAX 24 /* receives that wait: the calls in flight are needed for others, too */

static unsigned n_waiting;

static bool is_posted(const socket_object_t *self) {
    return self->posted != 0;
}

// What the posted receive brought: bytes, or how the stream ended.
static void settle(socket_object_t *self, int64_t result) {
    self->posted = 0;
    n_waiting -= self->posted_is_waiting;
    if (result > 0) {
        self->ahead = self->window;
        self->ahead_start = 0;
        self->ahead_end = (uint16_t)result;
        return;
    }
    socket_pool_give(self->window, SOCKET_AHEAD_SIZE);
    self->window = NULL;
    if (result != -MP_EAGAIN && result != -MP_ECANCELED) {
        self->has_end = true;
        self->end = (int)result;
    }
}

static void look(socket_object_t *self) {
    int64_t result = 0;

    if (is_posted(self) && caller_poll(self->posted, &result)) {
        settle(self, result);
    }
}

void socket_ahead_post(socket_object_t *self, bool is_readable) {
    uint64_t arg[WIRE_ARGS] = {self->handle};

    if (!self->is_connected || is_posted(self) || self->ahead != NULL || self->has_end ||
        (!is_readable && n_waiting == WAITING_MAX)) {
        return;
    }
    self->window = socket_pool_take(SOCKET_AHEAD_SIZE);
    if (self->window == NULL) {
        return;
    }
    arg[1] = caller_pack(self->window, SOCKET_AHEAD_SIZE);
    self->posted = caller_submit(is_readable ? CALL_SOCKET_RECV : CALL_SOCKET_RECEIVE, arg);
    self->posted_is_waiting = !is_readable;
    n_waiting += self->posted_is_waiting;
}

// A receive that waits may still be in the ring, behind it, as bytes come; or its completion may be
// about to be seen. A call that is answered after it brings both.
static void hurry(const socket_object_t *self) {
    if (is_posted(self) && self->posted_is_waiting &&
        (caller_ready(self->handle) & WIRE_READABLE)) {
        (void)call_channel_nop();
    }
}

bool socket_ahead_has(socket_object_t *self) {
    look(self);
    hurry(self);
    look(self);
    return self->ahead != NULL || self->has_end || (is_posted(self) && !self->posted_is_waiting);
}

bool socket_ahead_is_waiting(void) {
    return n_waiting > 0;
}

void socket_ahead_fetch(socket_object_t *self) {
    if (is_posted(self) && !self->posted_is_waiting) {
        caller_flush();
        settle(self, caller_wait(self->posted));
    } else {
        look(self);
    }
}

static void drop(socket_object_t *self) {
    if (self->window != NULL) {
        socket_pool_give(self->window, SOCKET_AHEAD_SIZE);
        self->window = NULL;
    } else {
        m_del(uint8_t, self->ahead, SOCKET_AHEAD_SIZE);
    }
    self->ahead = NULL;
}

int64_t socket_ahead_take(socket_object_t *self, void *data, size_t size) {
    size_t available = (size_t)(self->ahead_end - self->ahead_start);

    if (self->ahead == NULL) {
        self->has_end = false;
        return self->end;
    }
    if (size > available) {
        size = available;
    }
    memcpy(data, self->ahead + self->ahead_start, size);
    self->ahead_start += (uint16_t)size;
    if (self->ahead_start == self->ahead_end) {
        drop(self);
    }
    return (int64_t)size;
}

void socket_ahead_close(socket_object_t *self) {
    look(self); /* closing the handle ended it */
    if (is_posted(self)) {
        (void)call_channel_cancel(self->posted); /* the handle still has to send */
        socket_ahead_fetch(self);
    }
    if (self->window != NULL) {
        socket_pool_give(self->window, SOCKET_AHEAD_SIZE);
    }
    self->window = NULL;
    self->ahead = NULL; /* left to the collector, which may be what runs this */
    self->has_end = false;
}

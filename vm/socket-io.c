// SPDX-License-Identifier: MIT
#include "vm/socket.h"

#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "vm/clock.h"
#include "vm/transfer.h"
#include "vm/wait.h"

// Looking whether a socket is ready costs no call, so a call is made only when it will do
// something.

#define NSEC_PER_USEC 1000

// -- waiting -------------------------------------------------------------------------------------

int64_t socket_deadline(const socket_object_t *self) {
    if (self->timeout_usec <= 0) {
        return -1;
    }
    return clock_nsec(CLOCK_ID_MONOTONIC) + self->timeout_usec * NSEC_PER_USEC;
}

static bool is_ready(socket_object_t *self, uint32_t ready) {
    if (ready == WIRE_READABLE && socket_ahead_has(self)) {
        return true;
    }
    if (ready == WIRE_READABLE && self->posted != 0) {
        return false;
    }
    if (ready == WIRE_WRITABLE && self->is_send_over) {
        return true; /* to be told so */
    }
    if (ready == WIRE_WRITABLE && !socket_later_is_empty(self)) {
        return false;
    }
    return (caller_ready(self->handle) & ready) != 0;
}

int socket_wait(socket_object_t *self, uint32_t ready, int64_t deadline) {
    for (;;) {
        int64_t left = -1;

        if (self->handle == 0) {
            return MP_EBADF;
        }
        if (is_ready(self, ready)) {
            return 0;
        }
        if (self->timeout_usec == 0) {
            return MP_EAGAIN;
        }
        mp_handle_pending(true);
        if (deadline >= 0) {
            left = deadline - clock_nsec(CLOCK_ID_MONOTONIC);
            if (left <= 0) {
                return MP_ETIMEDOUT;
            }
            left = (left + NSEC_PER_USEC - 1) / NSEC_PER_USEC;
        }
        wait_usec(left);
    }
}

// -- transfers -----------------------------------------------------------------------------------

// Small reads of a stream are of lines, byte by byte, or of headers.
static int64_t receive_ahead(socket_object_t *self, void *data, size_t size) {
    uint8_t *ahead = m_new_maybe(uint8_t, SOCKET_AHEAD_SIZE);
    int64_t result;

    if (ahead == NULL) {
        return call_socket_recv(self->handle, data, size);
    }
    result = call_socket_recv(self->handle, ahead, SOCKET_AHEAD_SIZE);
    if (result <= 0) {
        m_del(uint8_t, ahead, SOCKET_AHEAD_SIZE);
        return result;
    }
    self->ahead = ahead;
    self->ahead_start = 0;
    self->ahead_end = (uint16_t)result;
    return socket_ahead_take(self, data, size);
}

// What was posted comes first, and nothing else while it is out.
static int64_t receive_stream(socket_object_t *self, void *data, size_t size) {
    socket_ahead_fetch(self);
    if (socket_ahead_has(self)) {
        return socket_ahead_take(self, data, size);
    }
    if (self->posted != 0) {
        return -MP_EAGAIN;
    }
    if (size < SOCKET_AHEAD_SIZE) {
        return receive_ahead(self, data, size);
    }
    return call_socket_recv(self->handle, data, transfer_size(size));
}

static int64_t receive_once(socket_object_t *self, void *data, size_t size,
                            struct wire_address *ret_sender) {
    if (self->type == SOCKET_OPEN_TYPE_STREAM) {
        return receive_stream(self, data, size);
    }
    if (ret_sender != NULL) {
        return call_socket_recvfrom(self->handle, data, transfer_size(size), ret_sender,
                                    sizeof(*ret_sender));
    }
    return call_socket_recv(self->handle, data, transfer_size(size));
}

// A blocking socket waits first: the answer of a call that finds nothing is known beforehand.
static int64_t receive_waiting(socket_object_t *self, void *data, size_t size,
                               struct wire_address *ret_sender) {
    int64_t deadline = socket_deadline(self), result;

    do {
        int error = self->timeout_usec == 0 ? 0 : socket_wait(self, WIRE_READABLE, deadline);

        if (error != 0) {
            return -error;
        }
        result = receive_once(self, data, size, ret_sender);
    } while (result == -MP_EAGAIN && self->timeout_usec != 0);
    return result;
}

int64_t socket_receive(socket_object_t *self, void *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    return receive_waiting(self, data, size, NULL);
}

int64_t socket_receive_from(socket_object_t *self, void *data, size_t size,
                            struct wire_address *ret_sender) {
    int64_t result;

    if (self->type != SOCKET_OPEN_TYPE_STREAM) {
        return receive_waiting(self, data, size, ret_sender);
    }
    result = call_socket_name(self->handle, SOCKET_NAME_END_PEER, ret_sender, sizeof(*ret_sender));
    return result < 0 ? result : socket_receive(self, data, size);
}

// What was sent before comes first.
static int64_t send_once(socket_object_t *self, const void *data, size_t size,
                         const struct wire_address *to) {
    int error = socket_later_fetch(self);

    if (error != 0) {
        return -error;
    }
    if (to != NULL) {
        return call_socket_sendto(self->handle, data, size, to);
    }
    if (socket_later_send(self, data, size)) {
        return (int64_t)size;
    }
    return call_socket_send(self->handle, data, size);
}

int64_t socket_send(socket_object_t *self, const void *data, size_t size,
                    const struct wire_address *to, int64_t deadline) {
    size_t part = self->type == SOCKET_OPEN_TYPE_STREAM ? transfer_size(size) : size;
    int64_t result = send_once(self, data, part, to);

    while (result == -MP_EAGAIN && self->timeout_usec != 0) {
        int error = socket_wait(self, WIRE_WRITABLE, deadline);

        if (error != 0) {
            return -error;
        }
        result = send_once(self, data, part, to);
    }
    return result;
}

void socket_close(socket_object_t *self) {
    uint32_t handle = self->handle;

    self->handle = 0;
    if (handle != 0 && !socket_later_close(self, handle)) {
        (void)call_socket_close(handle);
    }
    socket_ahead_close(self);
}

void socket_check_open(const socket_object_t *self) {
    if (self->handle == 0) {
        mp_raise_OSError(MP_EBADF);
    }
}

// -- the stream protocol -------------------------------------------------------------------------

// Upstream reads and writes until it has all or is told EAGAIN. For a non-blocking socket that is
// read off the readiness table, so what a stream does when it is ready stays one call.
static int non_blocking_error(socket_object_t *self, uint32_t ready) {
    if (self->handle == 0) {
        return MP_EBADF;
    }
    return self->timeout_usec == 0 && !is_ready(self, ready) ? MP_EAGAIN : 0;
}

static mp_uint_t stream_result(int64_t result, int *errcode) {
    if (result < 0) {
        *errcode = (int)-result;
        return MP_STREAM_ERROR;
    }
    return (mp_uint_t)result;
}

static mp_uint_t stream_read(mp_obj_t self_in, void *data, mp_uint_t size, int *errcode) {
    socket_object_t *self = MP_OBJ_TO_PTR(self_in);

    *errcode = non_blocking_error(self, WIRE_READABLE);
    if (*errcode != 0) {
        return MP_STREAM_ERROR;
    }
    return stream_result(socket_receive(self, data, size), errcode);
}

static mp_uint_t stream_write(mp_obj_t self_in, const void *data, mp_uint_t size, int *errcode) {
    socket_object_t *self = MP_OBJ_TO_PTR(self_in);

    *errcode = non_blocking_error(self, WIRE_WRITABLE);
    if (*errcode != 0) {
        return MP_STREAM_ERROR;
    }
    return stream_result(socket_send(self, data, size, NULL, socket_deadline(self)), errcode);
}

// Readiness is looked at after what was posted: that may have taken all there was.
static bool poll_readable(socket_object_t *self) {
    bool is_readable;

    if (socket_ahead_has(self)) {
        return true;
    }
    if (self->posted != 0) {
        return false;
    }
    is_readable = caller_ready(self->handle) & WIRE_READABLE;
    if (self->timeout_usec == 0) {
        socket_ahead_post(self, is_readable);
    }
    return is_readable;
}

// What it is asked for, and always errors.
static mp_uint_t stream_poll(socket_object_t *self, uintptr_t asked) {
    uint32_t ready;
    mp_uint_t found = 0;

    if (self->handle == 0) {
        return MP_STREAM_POLL_NVAL;
    }
    ready = caller_ready(self->handle);
    if ((asked & MP_STREAM_POLL_RD) && poll_readable(self)) {
        found |= MP_STREAM_POLL_RD;
    }
    if ((asked & MP_STREAM_POLL_WR) && is_ready(self, WIRE_WRITABLE)) {
        found |= MP_STREAM_POLL_WR;
    }
    if (ready & WIRE_ERROR) {
        found |= MP_STREAM_POLL_ERR;
    }
    if (ready & WIRE_HANGUP) {
        found |= MP_STREAM_POLL_HUP;
    }
    return found;
}

static mp_uint_t stream_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t argument,
                              int *errcode) {
    socket_object_t *self = MP_OBJ_TO_PTR(self_in);

    switch (request) {
    case MP_STREAM_POLL:
        return stream_poll(self, argument);
    case MP_STREAM_CLOSE:
        socket_close(self);
        return 0;
    case MP_STREAM_FLUSH:
        return 0;
    default:
        *errcode = MP_EINVAL;
        return MP_STREAM_ERROR;
    }
}

const mp_stream_p_t socket_stream = {
    .read = stream_read,
    .write = stream_write,
    .ioctl = stream_ioctl,
};

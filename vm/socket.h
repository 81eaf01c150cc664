// SPDX-License-Identifier: MIT
#pragma once

// A socket object of the app, for the files of module socket alone: modsocket.c has the module and
// addresses, socket-type.c the methods, socket-io.c what moves data and waits.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "py/obj.h"
#include "py/stream.h"

#include "call/wire.h"

#define SOCKET_TRANSFER_MAX 65536u /* bytes of one call */

typedef struct _socket_object_t {
    mp_obj_base_t base;
    uint32_t handle;        /* 0: closed */
    uint8_t family;         /* enum wire_family */
    uint8_t type;           /* enum socket_open_type */
    bool family_is_default; /* nobody asked for it: an address of the other family changes it */
    uint8_t options;        /* bit N: option N of setopt was turned on */
    int64_t timeout_usec;   /* 0: non-blocking; negative: no limit */

    /* Bytes read ahead of a stream, for readers of lines: one call instead of one a byte. */
    uint8_t *ahead; /* on the heap; NULL: none */
    uint16_t ahead_start, ahead_end;
} socket_object_t;

extern const mp_obj_type_t socket_type;
extern const mp_stream_p_t socket_stream;

// -- socket-options.c ----------------------------------------------------------------------------

// What Linux and every Python on it call these.
enum socket_constant {
    SOCKET_SOL_SOCKET = 1,
    SOCKET_SO_REUSEADDR = 2,
    SOCKET_SO_TYPE = 3,
    SOCKET_SO_ERROR = 4,
    SOCKET_SO_BROADCAST = 6,
    SOCKET_SO_SNDBUF = 7,
    SOCKET_SO_RCVBUF = 8,
    SOCKET_SO_KEEPALIVE = 9,
    SOCKET_IPPROTO_TCP = 6,
    SOCKET_TCP_NODELAY = 1,
    SOCKET_IPPROTO_UDP = 17,
    SOCKET_IPPROTO_IPV6 = 41,
    SOCKET_IPV6_V6ONLY = 26,
};

MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(socket_setsockopt_obj);
MP_DECLARE_CONST_FUN_OBJ_3(socket_getsockopt_obj);

// -- modsocket.c ---------------------------------------------------------------------------------

// Reads an address tuple (host, port[, flow, scope]); a name is resolved to an address of FAMILY
// (0: any). Raises what is wrong.
struct wire_address socket_get_address(mp_obj_t tuple, uint32_t family);
mp_obj_t socket_make_address(const struct wire_address *address);

// -- socket-io.c ---------------------------------------------------------------------------------

// When a wait that starts now is over: nanoseconds of the monotonic clock, or negative for never.
int64_t socket_deadline(const socket_object_t *self);

// Waits until READY (one of enum wire_ready) or the deadline, running callbacks and raising pending
// exceptions. Returns 0, MP_ETIMEDOUT, MP_EAGAIN if the socket is non-blocking, or MP_EBADF if it
// was closed meanwhile.
int socket_wait(socket_object_t *self, uint32_t ready, int64_t deadline);

// Receive and send once, waiting for it as the socket's timeout says. Return the number of bytes or
// a negative errno.
int64_t socket_receive(socket_object_t *self, void *data, size_t size);
int64_t socket_receive_from(socket_object_t *self, void *data, size_t size,
                            struct wire_address *ret_sender);
int64_t socket_send(socket_object_t *self, const void *data, size_t size, int64_t deadline);

// Closes, once. Never raises: it also serves the garbage collector.
void socket_close(socket_object_t *self);

// Raises MP_EBADF if the socket is closed.
void socket_check_open(const socket_object_t *self);

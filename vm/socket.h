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

#define SOCKET_AHEAD_SIZE 1024u /* a request of usual length */

typedef struct _socket_object_t {
    mp_obj_base_t base;
    uint32_t handle;        /* 0: closed */
    uint8_t family;         /* enum wire_family */
    uint8_t type;           /* enum socket_open_type */
    bool family_is_default; /* nobody asked for it: an address of the other family changes it */
    uint8_t options;        /* bit N: option N of setopt was turned on */
    int64_t timeout_usec;   /* 0: non-blocking; negative: no limit */

    /* Bytes read ahead of a stream: one call instead of one a byte for readers of lines, and none
       for those who poll first (socket-ahead.c). */
    uint8_t *ahead; /* WINDOW, or on the heap; NULL: none */
    uint16_t ahead_start, ahead_end;
    bool is_connected;      /* a stream that has a peer: receiving is no mistake */
    bool posted_is_waiting; /* the posted receive: for the peer, and not just for its turn */
    bool has_end;           /* END is how a posted receive went: 0 or -errno */
    int end;
    uint32_t posted; /* the tag of a receive nobody waits for yet; 0: none */
    uint8_t *window; /* where its bytes go, of the pool */

    uint8_t later;     /* 1 + its place in socket-later.c; 0: none */
    bool is_send_over; /* shut down, or told that bytes were lost: EPIPE from now on */
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

// Receive and send once (TO NULL: to the peer), waiting for it as the socket's timeout says. Return
// the number of bytes or a negative errno.
int64_t socket_receive(socket_object_t *self, void *data, size_t size);
int64_t socket_receive_from(socket_object_t *self, void *data, size_t size,
                            struct wire_address *ret_sender);
int64_t socket_send(socket_object_t *self, const void *data, size_t size,
                    const struct wire_address *to, int64_t deadline);

// Closes, once. Never raises: it also serves the garbage collector.
void socket_close(socket_object_t *self);

// Raises MP_EBADF if the socket is closed.
void socket_check_open(const socket_object_t *self);

// -- socket-ahead.c ------------------------------------------------------------------------------

// Posts a receive, if nothing else is read ahead: one that is answered at once where there is
// something to receive (IS_READABLE), else one that waits for it.
void socket_ahead_post(socket_object_t *self, bool is_readable);

// Whether there are bytes, the end or an error, or will be after socket_ahead_fetch(). If not, a
// receive that is posted still is the next: nothing else may be received meanwhile.
bool socket_ahead_has(socket_object_t *self);

// Whether a receive that waits is out, of any socket.
bool socket_ahead_is_waiting(void);

// Waits for a posted receive that is answered at once.
void socket_ahead_fetch(socket_object_t *self);

// Takes up to SIZE bytes, or what there is instead: 0 at the end, -errno. Only if there is any.
int64_t socket_ahead_take(socket_object_t *self, void *data, size_t size);

// After the handle was closed, or was left to socket_later_close().
void socket_ahead_close(socket_object_t *self);

// -- socket-later.c ------------------------------------------------------------------------------

// Sends SIZE bytes of a non-blocking stream with whatever goes to the supervisor next, within half
// a millisecond of running bytecode. False: not now. What the peer does not take stays here, and
// goes out when the app waits for anything.
bool socket_later_send(socket_object_t *self, const void *data, size_t size);

// Waits until all that was sent before has been tried. Returns 0; EAGAIN if some of it is still
// here; what went wrong, once, and EPIPE ever after; or EPIPE after a shutdown.
int socket_later_fetch(socket_object_t *self);

// Whether the socket has nothing here that keeps it from sending.
bool socket_later_is_empty(const socket_object_t *self);

// Takes over HANDLE from a socket that is closed with bytes still here. False: it has none.
bool socket_later_close(socket_object_t *self, uint32_t handle);

// Shuts sending down once all that is still here is out. False: nothing is.
bool socket_later_shutdown(socket_object_t *self);

// Closes the closed socket that has had bytes here for longest. False: there is none.
bool socket_later_drop_oldest(void);

// Before the worker sleeps: goes on with what is here. Returns for how many microseconds it may
// sleep at most; negative: no limit.
int64_t socket_later_run(void);

// At the end of the app: waits for what is here, a little.
void socket_later_finish(void);

// From the VM's loop, while submissions are held back.
void socket_later_tick(void);

// -- socket-pool.c -------------------------------------------------------------------------------

// A buffer in the arena for a call that nobody waits for yet, or NULL: there is no room, or few
// other calls could be made. SIZE up to SOCKET_POOL_MAX.
#define SOCKET_POOL_MAX 16384u
uint8_t *socket_pool_take(size_t size);
void socket_pool_give(uint8_t *buffer, size_t size);

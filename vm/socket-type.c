// SPDX-License-Identifier: MIT
#include "vm/socket.h"

#include "py/mperrno.h"
#include "py/runtime.h"

#include "call/calls.h"
#include "call/proxies.h"
#include "vm/error.h"
#include "vm/transfer.h"

// The methods of socket.socket.

#define BACKLOG_DEFAULT 128
#define BACKLOG_MAX 4096
#define TIMEOUT_MAX_SECONDS 1e9
#define USEC_PER_SECOND 1000000

static socket_object_t *get_open(mp_obj_t self_in) {
    socket_object_t *self = MP_OBJ_TO_PTR(self_in);

    socket_check_open(self);
    return self;
}

// Raises what a call that returned RESULT failed with, else returns RESULT.
static int64_t check(uint32_t call, int64_t result) {
    if (result < 0) {
        mpyd_raise_call_error(call, (int)-result);
    }
    return result;
}

// -- making --------------------------------------------------------------------------------------

static socket_object_t *new_object(uint32_t family, uint32_t type) {
    socket_object_t *self = mp_obj_malloc_with_finaliser(socket_object_t, &socket_type);

    self->handle = 0;
    self->family = (uint8_t)family;
    self->type = (uint8_t)type;
    self->family_is_default = false;
    self->options = 0;
    self->timeout_usec = -1;
    self->ahead = self->window = NULL;
    self->is_connected = self->has_end = self->is_send_over = false;
    self->posted = 0;
    self->later = 0;
    return self;
}

// A closed socket that still has bytes for its peer gives way to a new one.
static uint32_t open_handle(uint32_t family, uint32_t type) {
    int64_t result;

    do {
        result = call_socket_open(family, type);
    } while (result == -MP_EMFILE && socket_later_drop_oldest());
    return (uint32_t)check(CALL_SOCKET_OPEN, result);
}

// socket(family=AF_INET, type=SOCK_STREAM, proto=0): the protocol follows from the type.
static mp_obj_t socket_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw,
                                const mp_obj_t *args) {
    mp_int_t family = WIRE_INET, kind = SOCKET_OPEN_TYPE_STREAM;
    socket_object_t *self;

    mp_arg_check_num(n_args, n_kw, 0, 3, false);
    if (n_args > 0) {
        family = mp_obj_get_int(args[0]);
    }
    if (n_args > 1) {
        kind = mp_obj_get_int(args[1]);
    }
    if (family != WIRE_INET && family != WIRE_INET6) {
        mp_raise_OSError(MP_EAFNOSUPPORT);
    }
    if (kind != SOCKET_OPEN_TYPE_STREAM && kind != SOCKET_OPEN_TYPE_DGRAM) {
        mp_raise_OSError(MP_EINVAL);
    }
    self = new_object((uint32_t)family, (uint32_t)kind);
    self->family_is_default = n_args == 0;
    self->handle = open_handle((uint32_t)family, (uint32_t)kind);
    return MP_OBJ_FROM_PTR(self);
}

static void socket_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    const socket_object_t *self = MP_OBJ_TO_PTR(self_in);

    mp_printf(print, "<socket %s%s %u>", self->type == SOCKET_OPEN_TYPE_STREAM ? "stream" : "dgram",
              self->family == WIRE_INET6 ? "6" : "", (unsigned)self->handle);
}

// -- addresses -----------------------------------------------------------------------------------

// Upstream's asyncio.start_server() makes its socket before it looks at the address. So a socket()
// of no particular family takes that of the first address it meets.
static void adopt_family(socket_object_t *self, const struct wire_address *address) {
    uint32_t handle;

    if (!self->family_is_default || address->family == self->family) {
        self->family_is_default = false;
        return;
    }
    handle = open_handle(address->family, self->type);
    for (uint32_t option = 1; option < 8; option++) {
        if (self->options & 1u << option) {
            (void)call_socket_setopt(handle, option, 1);
        }
    }
    (void)call_socket_close(self->handle);
    self->handle = handle;
    self->family = (uint8_t)address->family;
    self->family_is_default = false;
}

static struct wire_address get_address(socket_object_t *self, mp_obj_t tuple) {
    struct wire_address address =
        socket_get_address(tuple, self->family_is_default ? 0 : self->family);

    socket_check_open(self);
    adopt_family(self, &address);
    return address;
}

static mp_obj_t socket_bind(mp_obj_t self_in, mp_obj_t address_in) {
    socket_object_t *self = get_open(self_in);
    struct wire_address address = get_address(self, address_in);

    check(CALL_SOCKET_BIND, call_socket_bind(self->handle, &address));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_bind_obj, socket_bind);

// Asking again after the wait brings the outcome, and tells the kernel that it was heard: else the
// next connect, whatever its address, would be told of this one.
static mp_obj_t socket_connect(mp_obj_t self_in, mp_obj_t address_in) {
    socket_object_t *self = get_open(self_in);
    struct wire_address address = get_address(self, address_in);
    int64_t deadline = socket_deadline(self);
    int64_t result = call_socket_connect(self->handle, &address);

    if (result == 0 || result == -MP_EINPROGRESS) {
        self->is_send_over = false;
    }
    if (result == -MP_EINPROGRESS && self->timeout_usec != 0) {
        int error = socket_wait(self, WIRE_WRITABLE, deadline);

        if (error != 0) {
            mp_raise_OSError(error);
        }
        result = call_socket_connect(self->handle, &address);
    }
    check(CALL_SOCKET_CONNECT, result);
    self->is_connected = self->type == SOCKET_OPEN_TYPE_STREAM;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_connect_obj, socket_connect);

static mp_obj_t get_name(mp_obj_t self_in, uint32_t end) {
    const socket_object_t *self = get_open(self_in);
    struct wire_address address;

    check(CALL_SOCKET_NAME, call_socket_name(self->handle, end, &address, sizeof(address)));
    return socket_make_address(&address);
}

static mp_obj_t socket_getsockname(mp_obj_t self_in) {
    return get_name(self_in, SOCKET_NAME_END_LOCAL);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_getsockname_obj, socket_getsockname);

static mp_obj_t socket_getpeername(mp_obj_t self_in) {
    return get_name(self_in, SOCKET_NAME_END_PEER);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_getpeername_obj, socket_getpeername);

// -- servers -------------------------------------------------------------------------------------

static mp_obj_t socket_listen(size_t n_args, const mp_obj_t *args) {
    const socket_object_t *self = get_open(args[0]);
    mp_int_t backlog = n_args > 1 ? mp_obj_get_int(args[1]) : BACKLOG_DEFAULT;

    if (backlog < 0) {
        backlog = 0;
    } else if (backlog > BACKLOG_MAX) {
        backlog = BACKLOG_MAX;
    }
    check(CALL_SOCKET_LISTEN, call_socket_listen(self->handle, backlog));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_listen_obj, 1, 2, socket_listen);

// The object is made first, so that running out of heap cannot lose an accepted connection.
static mp_obj_t socket_accept(mp_obj_t self_in) {
    socket_object_t *self = get_open(self_in), *accepted = new_object(self->family, self->type);
    struct wire_address peer;
    int64_t deadline = socket_deadline(self), result;
    mp_obj_t pair[2];

    if (self->type != SOCKET_OPEN_TYPE_STREAM) {
        mp_raise_OSError(MP_EOPNOTSUPP);
    }
    do {
        int error = self->timeout_usec == 0 ? 0 : socket_wait(self, WIRE_READABLE, deadline);

        if (error != 0) {
            mp_raise_OSError(error);
        }
        do {
            result = call_socket_accept(self->handle, &peer, sizeof(peer));
        } while (result == -MP_EMFILE && socket_later_drop_oldest());
    } while (result == -MP_EAGAIN && self->timeout_usec != 0);
    accepted->handle = (uint32_t)check(CALL_SOCKET_ACCEPT, result);
    accepted->is_connected = true;
    pair[0] = MP_OBJ_FROM_PTR(accepted);
    pair[1] = socket_make_address(&peer);
    return mp_obj_new_tuple(2, pair);
}
static MP_DEFINE_CONST_FUN_OBJ_1(socket_accept_obj, socket_accept);

// -- data ----------------------------------------------------------------------------------------

static size_t get_size(mp_obj_t size_in) {
    mp_int_t size = mp_obj_get_int(size_in);

    if (size < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("negative size"));
    }
    return (size_t)size < TRANSFER_MAX ? (size_t)size : TRANSFER_MAX;
}

static mp_obj_t socket_recv(mp_obj_t self_in, mp_obj_t size_in) {
    socket_object_t *self = get_open(self_in);
    vstr_t data;

    vstr_init_len(&data, get_size(size_in));
    data.len = (size_t)check(CALL_SOCKET_RECV, socket_receive(self, data.buf, data.len));
    return mp_obj_new_bytes_from_vstr(&data);
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_recv_obj, socket_recv);

static mp_obj_t socket_recvfrom(mp_obj_t self_in, mp_obj_t size_in) {
    socket_object_t *self = get_open(self_in);
    struct wire_address sender;
    mp_obj_t pair[2];
    vstr_t data;

    vstr_init_len(&data, get_size(size_in));
    data.len =
        (size_t)check(CALL_SOCKET_RECVFROM, socket_receive_from(self, data.buf, data.len, &sender));
    pair[0] = mp_obj_new_bytes_from_vstr(&data);
    pair[1] = socket_make_address(&sender);
    return mp_obj_new_tuple(2, pair);
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_recvfrom_obj, socket_recvfrom);

static mp_obj_t socket_send_once(mp_obj_t self_in, mp_obj_t data_in) {
    socket_object_t *self = get_open(self_in);
    mp_buffer_info_t data;

    mp_get_buffer_raise(data_in, &data, MP_BUFFER_READ);
    return mp_obj_new_int_from_ll(check(
        CALL_SOCKET_SEND, socket_send(self, data.buf, data.len, NULL, socket_deadline(self))));
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_send_obj, socket_send_once);

// The timeout is for all of it.
static mp_obj_t socket_sendall(mp_obj_t self_in, mp_obj_t data_in) {
    socket_object_t *self = get_open(self_in);
    int64_t deadline = socket_deadline(self);
    mp_buffer_info_t data;
    size_t sent = 0;

    mp_get_buffer_raise(data_in, &data, MP_BUFFER_READ);
    while (sent < data.len) {
        const uint8_t *rest = (const uint8_t *)data.buf + sent;

        sent += (size_t)check(CALL_SOCKET_SEND,
                              socket_send(self, rest, data.len - sent, NULL, deadline));
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_sendall_obj, socket_sendall);

static mp_obj_t socket_sendto(mp_obj_t self_in, mp_obj_t data_in, mp_obj_t address_in) {
    socket_object_t *self = get_open(self_in);
    struct wire_address address = get_address(self, address_in);
    mp_buffer_info_t data;

    mp_get_buffer_raise(data_in, &data, MP_BUFFER_READ);
    return mp_obj_new_int_from_ll(
        check(CALL_SOCKET_SENDTO,
              socket_send(self, data.buf, data.len, &address, socket_deadline(self))));
}
static MP_DEFINE_CONST_FUN_OBJ_3(socket_sendto_obj, socket_sendto);

// What was sent goes out first. Reading is shut down at once.
static mp_obj_t socket_shutdown(mp_obj_t self_in, mp_obj_t how_in) {
    socket_object_t *self = get_open(self_in);
    mp_int_t how = mp_obj_get_int(how_in);

    if (how < SOCKET_SHUTDOWN_HOW_READ || how > SOCKET_SHUTDOWN_HOW_BOTH) {
        mp_raise_OSError(MP_EINVAL);
    }
    if (how != SOCKET_SHUTDOWN_HOW_READ && socket_later_shutdown(self)) {
        self->is_send_over = true;
        if (how == SOCKET_SHUTDOWN_HOW_WRITE) {
            return mp_const_none;
        }
        how = SOCKET_SHUTDOWN_HOW_READ;
    }
    check(CALL_SOCKET_SHUTDOWN, call_socket_shutdown(self->handle, (uint32_t)how));
    self->is_send_over = self->is_send_over || how != SOCKET_SHUTDOWN_HOW_READ;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_shutdown_obj, socket_shutdown);

// -- settings ------------------------------------------------------------------------------------

static mp_obj_t socket_settimeout(mp_obj_t self_in, mp_obj_t timeout_in) {
    socket_object_t *self = get_open(self_in);
    mp_float_t seconds;

    if (timeout_in == mp_const_none) {
        self->timeout_usec = -1;
        return mp_const_none;
    }
    seconds = mp_obj_get_float(timeout_in);
    if (!(seconds >= 0)) {
        mp_raise_ValueError(MP_ERROR_TEXT("negative timeout"));
    }
    if (seconds > TIMEOUT_MAX_SECONDS) {
        seconds = TIMEOUT_MAX_SECONDS;
    }
    self->timeout_usec = (int64_t)(seconds * USEC_PER_SECOND);
    if (self->timeout_usec == 0 && seconds > 0) {
        self->timeout_usec = 1;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_settimeout_obj, socket_settimeout);

static mp_obj_t socket_setblocking(mp_obj_t self_in, mp_obj_t flag_in) {
    get_open(self_in)->timeout_usec = mp_obj_is_true(flag_in) ? -1 : 0;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(socket_setblocking_obj, socket_setblocking);

// A socket is a stream already. The arguments (mode, buffering) change nothing.
static mp_obj_t socket_makefile(size_t n_args, const mp_obj_t *args) {
    return args[0];
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_makefile_obj, 1, 3, socket_makefile);

static const mp_rom_map_elem_t socket_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&mp_stream_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&mp_stream___exit___obj)},
    {MP_ROM_QSTR(MP_QSTR_accept), MP_ROM_PTR(&socket_accept_obj)},
    {MP_ROM_QSTR(MP_QSTR_bind), MP_ROM_PTR(&socket_bind_obj)},
    {MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&mp_stream_close_obj)},
    {MP_ROM_QSTR(MP_QSTR_connect), MP_ROM_PTR(&socket_connect_obj)},
    {MP_ROM_QSTR(MP_QSTR_getpeername), MP_ROM_PTR(&socket_getpeername_obj)},
    {MP_ROM_QSTR(MP_QSTR_getsockname), MP_ROM_PTR(&socket_getsockname_obj)},
    {MP_ROM_QSTR(MP_QSTR_getsockopt), MP_ROM_PTR(&socket_getsockopt_obj)},
    {MP_ROM_QSTR(MP_QSTR_listen), MP_ROM_PTR(&socket_listen_obj)},
    {MP_ROM_QSTR(MP_QSTR_makefile), MP_ROM_PTR(&socket_makefile_obj)},
    {MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&mp_stream_read_obj)},
    {MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&mp_stream_readinto_obj)},
    {MP_ROM_QSTR(MP_QSTR_readline), MP_ROM_PTR(&mp_stream_unbuffered_readline_obj)},
    {MP_ROM_QSTR(MP_QSTR_recv), MP_ROM_PTR(&socket_recv_obj)},
    {MP_ROM_QSTR(MP_QSTR_recvfrom), MP_ROM_PTR(&socket_recvfrom_obj)},
    {MP_ROM_QSTR(MP_QSTR_send), MP_ROM_PTR(&socket_send_obj)},
    {MP_ROM_QSTR(MP_QSTR_sendall), MP_ROM_PTR(&socket_sendall_obj)},
    {MP_ROM_QSTR(MP_QSTR_sendto), MP_ROM_PTR(&socket_sendto_obj)},
    {MP_ROM_QSTR(MP_QSTR_setblocking), MP_ROM_PTR(&socket_setblocking_obj)},
    {MP_ROM_QSTR(MP_QSTR_setsockopt), MP_ROM_PTR(&socket_setsockopt_obj)},
    {MP_ROM_QSTR(MP_QSTR_settimeout), MP_ROM_PTR(&socket_settimeout_obj)},
    {MP_ROM_QSTR(MP_QSTR_shutdown), MP_ROM_PTR(&socket_shutdown_obj)},
    {MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&mp_stream_write_obj)},
};
static MP_DEFINE_CONST_DICT(socket_locals, socket_locals_table);

MP_DEFINE_CONST_OBJ_TYPE(socket_type, MP_QSTR_socket, MP_TYPE_FLAG_ITER_IS_STREAM, make_new,
                         socket_make_new, print, socket_print, protocol, &socket_stream,
                         locals_dict, &socket_locals);

// SPDX-License-Identifier: MIT
#include "vm/socket.h"

#include <string.h>

#include "py/mperrno.h"
#include "py/runtime.h"

#include "call/calls.h"
#include "call/proxies.h"
#include "vm/error.h"

struct option {
    mp_int_t level, name;
    uint32_t number; /* enum socket_getopt_option */
};

static const struct option options[] = {
    {SOCKET_SOL_SOCKET, SOCKET_SO_REUSEADDR, SOCKET_GETOPT_OPTION_REUSEADDR},
    {SOCKET_SOL_SOCKET, SOCKET_SO_KEEPALIVE, SOCKET_GETOPT_OPTION_KEEPALIVE},
    {SOCKET_SOL_SOCKET, SOCKET_SO_BROADCAST, SOCKET_GETOPT_OPTION_BROADCAST},
    {SOCKET_IPPROTO_TCP, SOCKET_TCP_NODELAY, SOCKET_GETOPT_OPTION_NODELAY},
    {SOCKET_SOL_SOCKET, SOCKET_SO_RCVBUF, SOCKET_GETOPT_OPTION_RCVBUF},
    {SOCKET_SOL_SOCKET, SOCKET_SO_SNDBUF, SOCKET_GETOPT_OPTION_SNDBUF},
    {SOCKET_IPPROTO_IPV6, SOCKET_IPV6_V6ONLY, SOCKET_GETOPT_OPTION_V6ONLY},
    {SOCKET_SOL_SOCKET, SOCKET_SO_ERROR, SOCKET_GETOPT_OPTION_ERROR},
    {SOCKET_SOL_SOCKET, SOCKET_SO_TYPE, SOCKET_GETOPT_OPTION_TYPE},
};

static uint32_t find_option(mp_obj_t level_in, mp_obj_t name_in) {
    mp_int_t level = mp_obj_get_int(level_in), name = mp_obj_get_int(name_in);

    for (size_t i = 0; i < MP_ARRAY_SIZE(options); i++) {
        if (options[i].level == level && options[i].name == name) {
            return options[i].number;
        }
    }
    mp_raise_OSError(MP_EOPNOTSUPP);
}

// An int, or the four bytes of one.
static mp_int_t get_value(mp_obj_t value_in) {
    mp_buffer_info_t bytes;
    int32_t value;

    if (!mp_get_buffer(value_in, &bytes, MP_BUFFER_READ)) {
        return mp_obj_get_int(value_in);
    }
    if (bytes.len != sizeof(value)) {
        mp_raise_OSError(MP_EINVAL);
    }
    memcpy(&value, bytes.buf, sizeof(value));
    return value;
}

static mp_obj_t socket_setsockopt(size_t n_args, const mp_obj_t *args) {
    socket_object_t *self = MP_OBJ_TO_PTR(args[0]);
    uint32_t option = find_option(args[1], args[2]);
    mp_int_t value = get_value(args[3]);
    int64_t result;

    socket_check_open(self);
    if (option > SOCKET_GETOPT_OPTION_V6ONLY) {
        mp_raise_OSError(MP_EOPNOTSUPP); /* to be read only */
    }
    result = call_socket_setopt(self->handle, option, value);
    if (result < 0) {
        mpyd_raise_call_error(CALL_SOCKET_SETOPT, (int)-result);
    }
    if (value == 1) {
        self->options |= (uint8_t)(1u << option);
    }
    return mp_const_none;
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(socket_setsockopt_obj, 4, 4, socket_setsockopt);

static mp_obj_t socket_getsockopt(mp_obj_t self_in, mp_obj_t level_in, mp_obj_t name_in) {
    const socket_object_t *self = MP_OBJ_TO_PTR(self_in);
    uint32_t option = find_option(level_in, name_in);
    int64_t result;

    socket_check_open(self);
    result = call_socket_getopt(self->handle, option);
    if (result < 0) {
        mpyd_raise_call_error(CALL_SOCKET_GETOPT, (int)-result);
    }
    return mp_obj_new_int_from_ll(result);
}
MP_DEFINE_CONST_FUN_OBJ_3(socket_getsockopt_obj, socket_getsockopt);

// SPDX-License-Identifier: MIT
#include "vm/stream.h"

#include <string.h>

#include "py/gc.h"
#include "py/mperrno.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "vm/error.h"
#include "vm/transfer.h"
#include "vm/wait.h"

// The place in a file is the supervisor's, so every read is a call; whether a device is ready is
// read off the readiness table, without one.

typedef struct {
    mp_obj_base_t base;
    uint32_t handle; /* 0: closed */
    bool is_blocking;
} stream_object_t;

static const mp_obj_type_t bytes_type, text_type;

// -- opening -------------------------------------------------------------------------------------

struct mode {
    uint32_t access, start;
    bool is_text;
};

static void parse_letter(char letter, struct mode *mode) {
    switch (letter) {
    case 'r':
    case 't':
        break;
    case 'w':
    case 'a':
        mode->access = STREAM_OPEN_ACCESS_WRITE;
        mode->start = letter == 'w' ? STREAM_OPEN_START_EMPTY : STREAM_OPEN_START_END;
        break;
    case '+':
        mode->access = STREAM_OPEN_ACCESS_BOTH;
        break;
    case 'b':
        mode->is_text = false;
        break;
    default:
        mp_raise_ValueError(MP_ERROR_TEXT("mode is of r w a, + and b or t"));
    }
}

static struct mode parse_mode(const char *letters) {
    struct mode mode = {
        .access = STREAM_OPEN_ACCESS_READ, .start = STREAM_OPEN_START_BEGIN, .is_text = true};

    for (; *letters != '\0'; letters++) {
        parse_letter(*letters, &mode);
    }
    return mode;
}

// Streams that nobody closed hold handles until they are collected.
static uint32_t open_handle(mp_obj_t name_in, const struct mode *mode) {
    size_t size;
    const char *name = mp_obj_str_get_data(name_in, &size);
    int64_t result = call_stream_open(name, size, mode->access, mode->start);

    if (result == -MP_EMFILE) {
        gc_collect();
        result = call_stream_open(name, size, mode->access, mode->start);
    }
    if (result < 0) {
        mpyd_raise_call_error(CALL_STREAM_OPEN, (int)-result);
    }
    return (uint32_t)result;
}

// open(name, mode="r")
static mp_obj_t stream_open(size_t n_args, const mp_obj_t *args) {
    struct mode mode = parse_mode(n_args > 1 ? mp_obj_str_get_str(args[1]) : "r");
    stream_object_t *self =
        mp_obj_malloc_with_finaliser(stream_object_t, mode.is_text ? &text_type : &bytes_type);

    self->handle = 0;
    self->is_blocking = true;
    self->handle = open_handle(args[0], &mode);
    return MP_OBJ_FROM_PTR(self);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(stream_open_obj, 1, 2, stream_open);

static void check_open(const stream_object_t *self) {
    if (self->handle == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("I/O operation on closed file"));
    }
}

static void stream_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    const stream_object_t *self = MP_OBJ_TO_PTR(self_in);

    (void)kind;
    mp_printf(print, "<mpyd.stream %u>", (unsigned)self->handle);
}

// -- reading and writing -------------------------------------------------------------------------

// Functions of the app that run meanwhile may close it.
static int wait_ready(const stream_object_t *self, uint32_t ready) {
    for (;;) {
        if (self->handle == 0) {
            return MP_EBADF;
        }
        if ((caller_ready(self->handle) & ready) != 0) {
            return 0;
        }
        if (!self->is_blocking) {
            return MP_EAGAIN;
        }
        mp_handle_pending(true);
        wait_usec(-1);
    }
}

static mp_uint_t stream_read(mp_obj_t self_in, void *data, mp_uint_t size, int *error) {
    const stream_object_t *self = MP_OBJ_TO_PTR(self_in);
    int64_t result;

    check_open(self);
    if (size == 0) {
        return 0;
    }
    do {
        *error = wait_ready(self, WIRE_READABLE);
        if (*error != 0) {
            return MP_STREAM_ERROR;
        }
        result = call_stream_read(self->handle, data, transfer_size(size));
    } while (result == -MP_EAGAIN && self->is_blocking);
    *error = result < 0 ? (int)-result : 0;
    return result < 0 ? MP_STREAM_ERROR : (mp_uint_t)result;
}

static mp_uint_t stream_write(mp_obj_t self_in, const void *data, mp_uint_t size, int *error) {
    const stream_object_t *self = MP_OBJ_TO_PTR(self_in);
    int64_t result;

    check_open(self);
    do {
        *error = wait_ready(self, WIRE_WRITABLE);
        if (*error != 0) {
            return MP_STREAM_ERROR;
        }
        result = call_stream_write(self->handle, data, transfer_size(size));
    } while (result == -MP_EAGAIN && self->is_blocking);
    *error = result < 0 ? (int)-result : 0;
    return result < 0 ? MP_STREAM_ERROR : (mp_uint_t)result;
}

// -- all else ------------------------------------------------------------------------------------

static mp_uint_t stream_poll(const stream_object_t *self, uintptr_t asked) {
    uint32_t ready = caller_ready(self->handle);
    mp_uint_t found = 0;

    if (ready & WIRE_READABLE) {
        found |= asked & MP_STREAM_POLL_RD;
    }
    if (ready & WIRE_WRITABLE) {
        found |= asked & MP_STREAM_POLL_WR;
    }
    if (ready & WIRE_ERROR) {
        found |= MP_STREAM_POLL_ERR;
    }
    if (ready & WIRE_HANGUP) {
        found |= MP_STREAM_POLL_HUP;
    }
    return found;
}

static mp_uint_t stream_seek(const stream_object_t *self, struct mp_stream_seek_t *seek,
                             int *error) {
    static const uint32_t from[] = {[MP_SEEK_SET] = STREAM_SEEK_FROM_START,
                                    [MP_SEEK_CUR] = STREAM_SEEK_FROM_HERE,
                                    [MP_SEEK_END] = STREAM_SEEK_FROM_END};
    int64_t result = -MP_EINVAL;

    if (seek->whence >= 0 && (size_t)seek->whence < MP_ARRAY_SIZE(from)) {
        result = call_stream_seek(self->handle, seek->offset, from[seek->whence]);
    }
    if (result < 0) {
        *error = (int)-result;
        return MP_STREAM_ERROR;
    }
    seek->offset = result;
    return 0;
}

static void stream_close(stream_object_t *self) {
    uint32_t handle = self->handle;

    self->handle = 0;
    if (handle != 0) {
        (void)call_stream_close(handle);
    }
}

static mp_uint_t stream_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t argument, int *error) {
    stream_object_t *self = MP_OBJ_TO_PTR(self_in);

    if (request == MP_STREAM_CLOSE) {
        stream_close(self);
        return 0;
    }
    if (request == MP_STREAM_POLL && self->handle == 0) {
        return MP_STREAM_POLL_NVAL;
    }
    check_open(self);
    switch (request) {
    case MP_STREAM_POLL:
        return stream_poll(self, argument);
    case MP_STREAM_SEEK:
        return stream_seek(self, (struct mp_stream_seek_t *)argument, error);
    case MP_STREAM_FLUSH:
        return 0;
    default:
        *error = MP_EINVAL;
        return MP_STREAM_ERROR;
    }
}

// setblocking(flag): without, what would wait returns None, as asyncio needs it.
static mp_obj_t stream_setblocking(mp_obj_t self_in, mp_obj_t flag) {
    stream_object_t *self = MP_OBJ_TO_PTR(self_in);

    self->is_blocking = mp_obj_is_true(flag);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(stream_setblocking_obj, stream_setblocking);

static const mp_rom_map_elem_t locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&mp_stream_read_obj)},
    {MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&mp_stream_readinto_obj)},
    {MP_ROM_QSTR(MP_QSTR_readline), MP_ROM_PTR(&mp_stream_unbuffered_readline_obj)},
    {MP_ROM_QSTR(MP_QSTR_readlines), MP_ROM_PTR(&mp_stream_unbuffered_readlines_obj)},
    {MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&mp_stream_write_obj)},
    {MP_ROM_QSTR(MP_QSTR_seek), MP_ROM_PTR(&mp_stream_seek_obj)},
    {MP_ROM_QSTR(MP_QSTR_tell), MP_ROM_PTR(&mp_stream_tell_obj)},
    {MP_ROM_QSTR(MP_QSTR_flush), MP_ROM_PTR(&mp_stream_flush_obj)},
    {MP_ROM_QSTR(MP_QSTR_setblocking), MP_ROM_PTR(&stream_setblocking_obj)},
    {MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&mp_stream_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&mp_stream_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&mp_stream___exit___obj)},
};
static MP_DEFINE_CONST_DICT(locals, locals_table);

static const mp_stream_p_t bytes_stream = {
    .read = stream_read,
    .write = stream_write,
    .ioctl = stream_ioctl,
};
static const mp_stream_p_t text_stream = {
    .read = stream_read,
    .write = stream_write,
    .ioctl = stream_ioctl,
    .is_text = true,
};

static MP_DEFINE_CONST_OBJ_TYPE(bytes_type, MP_QSTR_stream, MP_TYPE_FLAG_ITER_IS_STREAM, print,
                                stream_print, protocol, &bytes_stream, locals_dict, &locals);
static MP_DEFINE_CONST_OBJ_TYPE(text_type, MP_QSTR_stream, MP_TYPE_FLAG_ITER_IS_STREAM, print,
                                stream_print, protocol, &text_stream, locals_dict, &locals);

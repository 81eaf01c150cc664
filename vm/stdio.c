// SPDX-License-Identifier: MIT

// sys.stdin, sys.stdout and sys.stderr. The first is at its end, as /dev/null is; what is written
// to the others goes to the app's log.

#include <errno.h>

#include "py/mphal.h"
#include "py/obj.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "vm/log.h"

struct stdio {
    mp_obj_base_t base;
    const char *name;
    struct log_stream *stream;  /* NULL: stdin */
    const struct stdio *buffer; /* the same in bytes; NULL: this is in bytes */
};

static void stdio_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    const struct stdio *self = MP_OBJ_TO_PTR(self_in);

    (void)kind;
    mp_printf(print, "<io.%q %s>", (qstr)self->base.type->name, self->name);
}

static mp_uint_t stdio_read(mp_obj_t self_in, void *data, mp_uint_t size, int *error) {
    const struct stdio *self = MP_OBJ_TO_PTR(self_in);

    (void)data;
    (void)size;
    if (self->stream != NULL) {
        *error = EPERM;
        return MP_STREAM_ERROR;
    }
    return 0;
}

static mp_uint_t stdio_write(mp_obj_t self_in, const void *data, mp_uint_t size, int *error) {
    const struct stdio *self = MP_OBJ_TO_PTR(self_in);

    if (self->stream == NULL) {
        *error = EPERM;
        return MP_STREAM_ERROR;
    }
    log_write(self->stream, data, size);
    return size;
}

static mp_uint_t stdio_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t argument, int *error) {
    const struct stdio *self = MP_OBJ_TO_PTR(self_in);

    switch (request) {
    case MP_STREAM_POLL:
        return argument & (self->stream != NULL ? MP_STREAM_POLL_WR : MP_STREAM_POLL_RD);
    case MP_STREAM_FLUSH:
        if (self->stream != NULL) {
            log_flush(self->stream);
        }
        return 0;
    case MP_STREAM_CLOSE:
        return 0;
    default:
        *error = EINVAL;
        return MP_STREAM_ERROR;
    }
}

static void stdio_attribute(mp_obj_t self_in, qstr name, mp_obj_t *result) {
    const struct stdio *self = MP_OBJ_TO_PTR(self_in);

    if (result[0] != MP_OBJ_NULL) {
        return; // nothing can be set
    }
    if (name == MP_QSTR_buffer && self->buffer != NULL) {
        result[0] = MP_OBJ_FROM_PTR(self->buffer);
    } else {
        result[1] = MP_OBJ_SENTINEL; // a method, if anything
    }
}

static const mp_rom_map_elem_t stdio_locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&mp_stream_read_obj)},
    {MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&mp_stream_readinto_obj)},
    {MP_ROM_QSTR(MP_QSTR_readline), MP_ROM_PTR(&mp_stream_unbuffered_readline_obj)},
    {MP_ROM_QSTR(MP_QSTR_readlines), MP_ROM_PTR(&mp_stream_unbuffered_readlines_obj)},
    {MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&mp_stream_write_obj)},
    {MP_ROM_QSTR(MP_QSTR_flush), MP_ROM_PTR(&mp_stream_flush_obj)},
    {MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&mp_identity_obj)},
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&mp_stream___exit___obj)},
};
static MP_DEFINE_CONST_DICT(stdio_locals, stdio_locals_table);

static const mp_stream_p_t text_stream = {
    .read = stdio_read,
    .write = stdio_write,
    .ioctl = stdio_ioctl,
    .is_text = true,
};

static const mp_stream_p_t bytes_stream = {
    .read = stdio_read,
    .write = stdio_write,
    .ioctl = stdio_ioctl,
};

static MP_DEFINE_CONST_OBJ_TYPE(text_type, MP_QSTR_TextIOWrapper, MP_TYPE_FLAG_ITER_IS_STREAM, attr,
                                stdio_attribute, print, stdio_print, protocol, &text_stream,
                                locals_dict, &stdio_locals);
static MP_DEFINE_CONST_OBJ_TYPE(bytes_type, MP_QSTR_FileIO, MP_TYPE_FLAG_ITER_IS_STREAM, print,
                                stdio_print, protocol, &bytes_stream, locals_dict, &stdio_locals);

static const struct stdio stdin_buffer = {{&bytes_type}, "stdin", NULL, NULL};
static const struct stdio stdout_buffer = {{&bytes_type}, "stdout", &log_stdout, NULL};
static const struct stdio stderr_buffer = {{&bytes_type}, "stderr", &log_stderr, NULL};

// input(prompt): there is never a line to read, and who waits for one should know.
static mp_obj_t stdio_input(size_t n_args, const mp_obj_t *args) {
    if (n_args == 1) {
        mp_obj_print(args[0], PRINT_STR);
    }
    mp_raise_type(&mp_type_EOFError);
}
MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(stdio_input_obj, 0, 1, stdio_input);

// py/modsys.c names these.
extern const struct stdio mp_sys_stdin_obj, mp_sys_stdout_obj, mp_sys_stderr_obj;
const struct stdio mp_sys_stdin_obj = {{&text_type}, "stdin", NULL, &stdin_buffer};
const struct stdio mp_sys_stdout_obj = {{&text_type}, "stdout", &log_stdout, &stdout_buffer};
const struct stdio mp_sys_stderr_obj = {{&text_type}, "stderr", &log_stderr, &stderr_buffer};

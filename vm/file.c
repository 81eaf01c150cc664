// SPDX-License-Identifier: MIT
#include "vm/storage.h"

#include <string.h>

#include "py/gc.h"
#include "py/mperrno.h"
#include "py/runtime.h"
#include "py/stream.h"

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "vm/transfer.h"

// What open() gives: io.FileIO and io.TextIOWrapper. What is written goes to the supervisor at
// once; flush() returns when it is on disk. The position is kept here, and small reads, of lines
// byte by byte, take their bytes from a piece read ahead.

#define AHEAD_SIZE 512u
#define POSITION_UNKNOWN -1 /* after writing to the end: where that is, the supervisor knows */

typedef struct {
    mp_obj_base_t base;
    uint32_t handle; /* 0: closed */
    bool at_end;     /* mode "a": every write goes to the end */
    bool is_changed; /* since it was last on disk */
    int64_t position;
    uint8_t *ahead; /* AHEAD_SIZE bytes, or NULL */
    uint16_t ahead_start, ahead_end;
} file_object_t;

static const mp_obj_type_t bytes_type, text_type;

// -- opening -------------------------------------------------------------------------------------

struct mode {
    uint32_t access, creation;
    bool is_text, at_end;
};

static void parse_letter(char letter, struct mode *mode) {
    switch (letter) {
    case 'r':
        break;
    case 'w':
    case 'a':
    case 'x':
        mode->access = FILE_OPEN_ACCESS_WRITE;
        mode->creation = letter == 'w'   ? FILE_OPEN_CREATION_EMPTY
                         : letter == 'a' ? FILE_OPEN_CREATION_MISSING
                                         : FILE_OPEN_CREATION_NEW;
        mode->at_end = letter == 'a';
        break;
    case '+':
        mode->access = FILE_OPEN_ACCESS_BOTH;
        break;
    case 'b':
        mode->is_text = false;
        break;
    case 't':
        break;
    default:
        mp_raise_ValueError(MP_ERROR_TEXT("mode is of r w a x, + and b or t"));
    }
}

static struct mode parse_mode(mp_obj_t mode_in) {
    struct mode mode = {.access = FILE_OPEN_ACCESS_READ, .is_text = true};

    for (const char *letter = mp_obj_str_get_str(mode_in); *letter != '\0'; letter++) {
        parse_letter(*letter, &mode);
    }
    return mode;
}

// Files that nobody closed hold handles until they are collected.
static int64_t open_handle(const char *path, size_t size, const struct mode *mode) {
    int64_t result = call_file_open(path, size, mode->access, mode->creation);

    if (result == -MP_EMFILE) {
        gc_collect();
        result = call_file_open(path, size, mode->access, mode->creation);
    }
    return storage_check(CALL_FILE_OPEN, result);
}

mp_obj_t storage_open(const char *path, size_t size, mp_obj_t mode_in) {
    struct mode mode = parse_mode(mode_in);
    file_object_t *self =
        mp_obj_malloc_with_finaliser(file_object_t, mode.is_text ? &text_type : &bytes_type);

    self->handle = 0;
    self->at_end = mode.at_end;
    self->is_changed = false;
    self->position = mode.at_end ? POSITION_UNKNOWN : 0;
    self->ahead = NULL;
    self->ahead_start = self->ahead_end = 0;
    self->handle = (uint32_t)open_handle(path, size, &mode);
    return MP_OBJ_FROM_PTR(self);
}

static void check_open(const file_object_t *self) {
    if (self->handle == 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("I/O operation on closed file"));
    }
}

static void file_print(const mp_print_t *print, mp_obj_t self_in, mp_print_kind_t kind) {
    const file_object_t *self = MP_OBJ_TO_PTR(self_in);

    (void)kind;
    mp_printf(print, "<io.%q %u>", (qstr)self->base.type->name, (unsigned)self->handle);
}

// -- reading and writing -------------------------------------------------------------------------

static mp_uint_t failed(int64_t result, int *error) {
    *error = (int)-result;
    return MP_STREAM_ERROR;
}

static void forget_ahead(file_object_t *self) {
    self->ahead_start = self->ahead_end = 0;
}

// Returns 0, or -errno.
static int64_t find_position(file_object_t *self) {
    int64_t result = 0;

    if (self->position == POSITION_UNKNOWN) {
        result = call_file_size(self->handle);
        if (result >= 0) {
            self->position = result;
        }
    }
    return result < 0 ? result : 0;
}

static size_t take_ahead(file_object_t *self, void *data, size_t size) {
    size_t left = (size_t)(self->ahead_end - self->ahead_start);

    size = size < left ? size : left;
    memcpy(data, self->ahead + self->ahead_start, size);
    self->ahead_start += (uint16_t)size;
    self->position += (int64_t)size;
    return size;
}

static int64_t read_ahead(file_object_t *self, void *data, size_t size) {
    int64_t result = call_file_read(self->handle, self->position, self->ahead, AHEAD_SIZE);

    if (result <= 0) {
        return result;
    }
    self->ahead_start = 0;
    self->ahead_end = (uint16_t)result;
    return (int64_t)take_ahead(self, data, size);
}

static int64_t read_now(file_object_t *self, void *data, size_t size) {
    int64_t result = find_position(self);

    if (result < 0) {
        return result;
    }
    if (size < AHEAD_SIZE && self->ahead == NULL) {
        self->ahead = m_new_maybe(uint8_t, AHEAD_SIZE);
    }
    if (size < AHEAD_SIZE && self->ahead != NULL) {
        return read_ahead(self, data, size);
    }
    result = call_file_read(self->handle, self->position, data, transfer_size(size));
    if (result > 0) {
        self->position += result;
    }
    return result;
}

static mp_uint_t file_read(mp_obj_t self_in, void *data, mp_uint_t size, int *error) {
    file_object_t *self = MP_OBJ_TO_PTR(self_in);
    int64_t result;

    check_open(self);
    if (size == 0) {
        return 0;
    }
    if (self->ahead_start < self->ahead_end) {
        return take_ahead(self, data, size);
    }
    result = read_now(self, data, size);
    return result < 0 ? failed(result, error) : (mp_uint_t)result;
}

static mp_uint_t file_write(mp_obj_t self_in, const void *data, mp_uint_t size, int *error) {
    file_object_t *self = MP_OBJ_TO_PTR(self_in);
    int64_t result;

    check_open(self);
    forget_ahead(self);
    result = call_file_write(self->handle, self->at_end ? -1 : self->position, data,
                             transfer_size(size));
    if (result < 0) {
        return failed(result, error);
    }
    self->is_changed = true;
    self->position = self->at_end ? POSITION_UNKNOWN : self->position + result;
    return (mp_uint_t)result;
}

// -- all else ------------------------------------------------------------------------------------

static mp_uint_t file_seek(file_object_t *self, struct mp_stream_seek_t *seek, int *error) {
    int64_t base = 0, position = 0;

    if (seek->whence == MP_SEEK_CUR) {
        int64_t result = find_position(self);

        if (result < 0) {
            return failed(result, error);
        }
        base = self->position;
    } else if (seek->whence == MP_SEEK_END) {
        base = call_file_size(self->handle);
        if (base < 0) {
            return failed(base, error);
        }
    }
    if (__builtin_add_overflow(base, seek->offset, &position) || position < 0) {
        *error = MP_EINVAL;
        return MP_STREAM_ERROR;
    }
    if (position != self->position) {
        forget_ahead(self);
    }
    self->position = position;
    seek->offset = position;
    return 0;
}

static mp_uint_t file_flush(file_object_t *self, int *error) {
    int64_t result = self->is_changed ? call_file_sync(self->handle) : 0;

    if (result < 0) {
        return failed(result, error);
    }
    self->is_changed = false;
    return 0;
}

static void file_close(file_object_t *self) {
    uint32_t handle = self->handle;

    self->handle = 0;
    if (handle != 0) {
        (void)call_file_close(handle);
    }
    self->ahead = NULL;
    forget_ahead(self);
}

static mp_uint_t file_ioctl(mp_obj_t self_in, mp_uint_t request, uintptr_t argument, int *error) {
    file_object_t *self = MP_OBJ_TO_PTR(self_in);

    if (request == MP_STREAM_CLOSE) {
        file_close(self);
        return 0;
    }
    check_open(self);
    switch (request) {
    case MP_STREAM_FLUSH:
        return file_flush(self, error);
    case MP_STREAM_SEEK:
        return file_seek(self, (struct mp_stream_seek_t *)argument, error);
    case MP_STREAM_POLL:
        return argument & (MP_STREAM_POLL_RD | MP_STREAM_POLL_WR); /* as poll(2) has it of files */
    default:
        *error = MP_EINVAL;
        return MP_STREAM_ERROR;
    }
}

// truncate(size=tell()): as Python has it. Returns the size.
static mp_obj_t file_truncate(size_t n_args, const mp_obj_t *args) {
    file_object_t *self = MP_OBJ_TO_PTR(args[0]);
    int64_t size;

    check_open(self);
    if (n_args > 1 && args[1] != mp_const_none) {
        size = mp_obj_get_int(args[1]);
    } else {
        storage_check(CALL_FILE_SIZE, find_position(self));
        size = self->position;
    }
    forget_ahead(self);
    storage_check(CALL_FILE_RESIZE, call_file_resize(self->handle, size));
    self->is_changed = true;
    return mp_obj_new_int_from_ll(size);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(file_truncate_obj, 1, 2, file_truncate);

static const mp_rom_map_elem_t locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_read), MP_ROM_PTR(&mp_stream_read_obj)},
    {MP_ROM_QSTR(MP_QSTR_readinto), MP_ROM_PTR(&mp_stream_readinto_obj)},
    {MP_ROM_QSTR(MP_QSTR_readline), MP_ROM_PTR(&mp_stream_unbuffered_readline_obj)},
    {MP_ROM_QSTR(MP_QSTR_readlines), MP_ROM_PTR(&mp_stream_unbuffered_readlines_obj)},
    {MP_ROM_QSTR(MP_QSTR_write), MP_ROM_PTR(&mp_stream_write_obj)},
    {MP_ROM_QSTR(MP_QSTR_seek), MP_ROM_PTR(&mp_stream_seek_obj)},
    {MP_ROM_QSTR(MP_QSTR_tell), MP_ROM_PTR(&mp_stream_tell_obj)},
    {MP_ROM_QSTR(MP_QSTR_truncate), MP_ROM_PTR(&file_truncate_obj)},
    {MP_ROM_QSTR(MP_QSTR_flush), MP_ROM_PTR(&mp_stream_flush_obj)},
    {MP_ROM_QSTR(MP_QSTR_close), MP_ROM_PTR(&mp_stream_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___del__), MP_ROM_PTR(&mp_stream_close_obj)},
    {MP_ROM_QSTR(MP_QSTR___enter__), MP_ROM_PTR(&mp_identity_obj)},
    {MP_ROM_QSTR(MP_QSTR___exit__), MP_ROM_PTR(&mp_stream___exit___obj)},
};
static MP_DEFINE_CONST_DICT(locals, locals_table);

static const mp_stream_p_t bytes_stream = {
    .read = file_read,
    .write = file_write,
    .ioctl = file_ioctl,
};
static const mp_stream_p_t text_stream = {
    .read = file_read,
    .write = file_write,
    .ioctl = file_ioctl,
    .is_text = true,
};

static MP_DEFINE_CONST_OBJ_TYPE(bytes_type, MP_QSTR_FileIO, MP_TYPE_FLAG_ITER_IS_STREAM, print,
                                file_print, protocol, &bytes_stream, locals_dict, &locals);
static MP_DEFINE_CONST_OBJ_TYPE(text_type, MP_QSTR_TextIOWrapper, MP_TYPE_FLAG_ITER_IS_STREAM,
                                print, file_print, protocol, &text_stream, locals_dict, &locals);

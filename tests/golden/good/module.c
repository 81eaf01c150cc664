// SPDX-License-Identifier: MIT

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include "call/calls.h"
#include "call/proxies.h"
#include "py/obj.h"
#include "py/objstr.h"
#include "py/runtime.h"
#include "vm/error.h"

static int64_t get_integer(mp_obj_t object, int64_t min, int64_t max) {
    int64_t value = mp_obj_get_int(object);

    if (value < min || value > max) {
        mp_raise_ValueError(MP_ERROR_TEXT("argument out of range"));
    }
    return value;
}

static const char *get_text(mp_obj_t object, size_t *ret_size) {
    if (!mp_obj_is_str(object)) {
        mp_raise_TypeError(MP_ERROR_TEXT("argument must be str"));
    }
    return mp_obj_str_get_data(object, ret_size);
}

// calls.line_mix(): One of each that needs no memory.
static mp_obj_t calls_line_mix(size_t n_arguments, const mp_obj_t *arguments) {
    mp_obj_t on_in = arguments[0];
    mp_obj_t gain_in = arguments[1];
    mp_obj_t mode_in = arguments[2];
    mp_obj_t low_in = arguments[3];
    bool on = mp_obj_is_true(on_in);
    double gain = mp_obj_get_float(gain_in);
    uint32_t mode = (uint32_t)get_integer(mode_in, 0, UINT32_MAX);
    int64_t low = get_integer(low_in, INT64_MIN, INT64_MAX);
    int64_t result = 0;

    result = call_line_mix(on, gain, mode, low);
    if (result < 0) {
        mpyd_raise_call_error(CALL_LINE_MIX, (int)-result);
    }
    return mp_obj_new_bool((int)result);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(calls_line_mix_object, 4, 4, calls_line_mix);

// calls.line_nothing(): Do nothing, "quoted".
static mp_obj_t calls_line_nothing(void) {
    int64_t result = 0;

    result = call_line_nothing();
    if (result < 0) {
        mpyd_raise_call_error(CALL_LINE_NOTHING, (int)-result);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(calls_line_nothing_object, calls_line_nothing);

// calls.file_open(): Open a file.
static mp_obj_t calls_file_open(mp_obj_t path_in, mp_obj_t flags_in) {
    size_t path_size = 0;
    const char *path = get_text(path_in, &path_size);
    uint32_t flags = (uint32_t)get_integer(flags_in, 0, UINT32_MAX);
    int64_t result = 0;

    result = call_file_open(path, path_size, flags);
    if (result < 0) {
        mpyd_raise_call_error(CALL_FILE_OPEN, (int)-result);
    }
    return mp_obj_new_int_from_ll(result);
}
static MP_DEFINE_CONST_FUN_OBJ_2(calls_file_open_object, calls_file_open);

// calls.file_read(): Read from a file.
static mp_obj_t calls_file_read(mp_obj_t file_in, mp_obj_t data_in) {
    uint32_t file = (uint32_t)get_integer(file_in, 0, UINT32_MAX);
    size_t data_size = (size_t)get_integer(data_in, 0, 4096);
    vstr_t vstr;
    int64_t result = 0;

    vstr_init_len(&vstr, data_size);
    result = call_file_read(file, vstr.buf, data_size);
    if (result < 0) {
        mpyd_raise_call_error(CALL_FILE_READ, (int)-result);
    }
    vstr.len = (size_t)result;
    return mp_obj_new_bytes_from_vstr(&vstr);
}
static MP_DEFINE_CONST_FUN_OBJ_2(calls_file_read_object, calls_file_read);

// calls.file_write(): Write to a file; a sentence that is long enough to need a second line where
// it becomes a comment.
static mp_obj_t calls_file_write(size_t n_arguments, const mp_obj_t *arguments) {
    mp_obj_t file_in = arguments[0];
    mp_obj_t data_in = arguments[1];
    mp_obj_t path_in = arguments[2];
    mp_obj_t at_in = arguments[3];
    uint32_t file = (uint32_t)get_integer(file_in, 0, UINT32_MAX);
    mp_buffer_info_t data;
    size_t path_size = 0;
    const char *path = get_text(path_in, &path_size);
    int64_t at = get_integer(at_in, INT64_MIN, INT64_MAX);
    int64_t result = 0;

    mp_get_buffer_raise(data_in, &data, MP_BUFFER_READ);
    result = call_file_write(file, data.buf, data.len, path, path_size, at);
    if (result < 0) {
        mpyd_raise_call_error(CALL_FILE_WRITE, (int)-result);
    }
    return mp_obj_new_int_from_ll(result);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(calls_file_write_object, 4, 4, calls_file_write);

// calls.file_seed(): Fill all of it.
static mp_obj_t calls_file_seed(mp_obj_t data_in) {
    size_t data_size = (size_t)get_integer(data_in, 0, 16);
    vstr_t vstr;
    int64_t result = 0;

    vstr_init_len(&vstr, data_size);
    result = call_file_seed(vstr.buf, data_size);
    if (result < 0) {
        mpyd_raise_call_error(CALL_FILE_SEED, (int)-result);
    }
    return mp_obj_new_bytes_from_vstr(&vstr);
}
static MP_DEFINE_CONST_FUN_OBJ_1(calls_file_seed_object, calls_file_seed);

static const mp_rom_map_elem_t calls_globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_calls)},
    {MP_ROM_QSTR(MP_QSTR_line_mix), MP_ROM_PTR(&calls_line_mix_object)},
    {MP_ROM_QSTR(MP_QSTR_line_nothing), MP_ROM_PTR(&calls_line_nothing_object)},
    {MP_ROM_QSTR(MP_QSTR_file_open), MP_ROM_PTR(&calls_file_open_object)},
    {MP_ROM_QSTR(MP_QSTR_file_read), MP_ROM_PTR(&calls_file_read_object)},
    {MP_ROM_QSTR(MP_QSTR_file_write), MP_ROM_PTR(&calls_file_write_object)},
    {MP_ROM_QSTR(MP_QSTR_file_seed), MP_ROM_PTR(&calls_file_seed_object)},
};

static MP_DEFINE_CONST_DICT(calls_globals, calls_globals_table);

extern const mp_obj_module_t calls_module;

const mp_obj_module_t calls_module = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&calls_globals,
};

MP_REGISTER_MODULE(MP_QSTR_calls, calls_module);

// SPDX-License-Identifier: MIT
#include "vm/modmpyd.h"

#include <errno.h>
#include <string.h>

#include "py/objstr.h"
#include "py/runtime.h"

#include "call/calls.h"
#include "call/proxies.h"
#include "vm/app.h"
#include "vm/error.h"
#include "vm/messages.h"
#include "vm/stop.h"
#include "vm/stream.h"
#include "vm/waker.h"

static mp_obj_str_t app_name = {.base = {&mp_type_str}};
static mp_obj_str_t app_version = {.base = {&mp_type_str}};

static void set(mp_obj_str_t *string, const char *text) {
    string->data = (const byte *)text;
    string->len = strlen(text);
}

void modmpyd_start(void) {
    set(&app_name, app_image.name);
    set(&app_version, app_image.version);
}

static void check_callable(mp_obj_t function) {
    if (!mp_obj_is_callable(function)) {
        mp_raise_TypeError(MP_ERROR_TEXT("function expected"));
    }
}

// Tells asyncio that functions of the app may run while it waits.
MP_REGISTER_ROOT_POINTER(mp_obj_t listen_hook);

static void tell_of_listening(void) {
    if (MP_STATE_VM(listen_hook) != MP_OBJ_NULL) {
        mp_call_function_0(MP_STATE_VM(listen_hook));
    }
}

// ready(): the app has come so far that it does its work.
static mp_obj_t mpyd_ready(void) {
    int64_t r = call_app_ready();

    if (r < 0) {
        mpyd_raise_call_error(CALL_APP_READY, (int)-r);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(mpyd_ready_obj, mpyd_ready);

// heartbeat(): the app is well.
static mp_obj_t mpyd_heartbeat(void) {
    int64_t r = call_app_heartbeat();

    if (r < 0) {
        mpyd_raise_call_error(CALL_APP_HEARTBEAT, (int)-r);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(mpyd_heartbeat_obj, mpyd_heartbeat);

// on_stop(function): calls it when the app is told to stop. Returns it, to be a decorator.
static mp_obj_t mpyd_on_stop(mp_obj_t function) {
    check_callable(function);
    stop_add_callback(function);
    tell_of_listening();
    return function;
}
static MP_DEFINE_CONST_FUN_OBJ_1(mpyd_on_stop_obj, mpyd_on_stop);

// on_call(name, function): answers messages of that name with what the function returns for their
// text; None takes it away.
static mp_obj_t mpyd_on_call(mp_obj_t name, mp_obj_t function) {
    size_t size = 0;

    (void)mp_obj_str_get_data(name, &size);
    if (!mp_obj_is_str(name) || size == 0 || size > WIRE_MESSAGE_NAME_MAX) {
        mp_raise_ValueError(MP_ERROR_TEXT("name must be str of 1 to 64 bytes"));
    }
    if (function != mp_const_none) {
        check_callable(function);
    }
    messages_set_function(name, function);
    tell_of_listening();
    return function;
}
static MP_DEFINE_CONST_FUN_OBJ_2(mpyd_on_call_obj, mpyd_on_call);

// An errno alone would leave people to search for which it was, and where it is to be put.
static NORETURN void raise_missing(const char *name, size_t name_size) {
    mp_obj_t args[] = {MP_OBJ_NEW_SMALL_INT(ENOENT), MP_OBJ_NULL};
    vstr_t text;

    vstr_init(&text, 128);
    vstr_printf(&text,
                "credential %.*s is granted and not there: put it in /etc/credstore/mpyd.%s.%.*s "
                "and start the app anew",
                (int)name_size, name, app_image.name, (int)name_size, name);
    args[1] = mp_obj_new_str_from_vstr(&text);
    nlr_raise(mp_obj_new_exception_args(&mp_type_OSError, MP_ARRAY_SIZE(args), args));
}

// secret(name): the bytes of a secret that the app was granted.
static mp_obj_t mpyd_secret(mp_obj_t name_in) {
    static char value[WIRE_SECRET_MAX];
    size_t name_size = 0;
    const char *name = mp_obj_str_get_data(name_in, &name_size);
    int64_t size = call_app_secret(name, name_size, value, sizeof(value));
    mp_obj_t secret = MP_OBJ_NULL;

    if (size == -ENOENT) {
        raise_missing(name, name_size);
    }
    if (size < 0) {
        mpyd_raise_call_error(CALL_APP_SECRET, (int)-size);
    }
    secret = mp_obj_new_bytes((const byte *)value, (size_t)size);
    explicit_bzero(value, (size_t)size);
    return secret;
}
static MP_DEFINE_CONST_FUN_OBJ_1(mpyd_secret_obj, mpyd_secret);

// -- for asyncio ---------------------------------------------------------------------------------

// Whether a function of the app may run while it waits.
static mp_obj_t mpyd_listens(void) {
    return mp_obj_new_bool(messages_are_wanted() || stop_has_callbacks());
}
static MP_DEFINE_CONST_FUN_OBJ_0(mpyd_listens_obj, mpyd_listens);

// Has FUNCTION called from now on when there are more such functions.
static mp_obj_t mpyd_on_listen(mp_obj_t function) {
    MP_STATE_VM(listen_hook) = function;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(mpyd_on_listen_obj, mpyd_on_listen);

// Whether asyncio's loop runs.
static mp_obj_t mpyd_set_loop(mp_obj_t runs) {
    messages_set_loop(mp_obj_is_true(runs));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(mpyd_set_loop_obj, mpyd_set_loop);

// The coroutines that are to answer messages, as a list of (number, coroutine), or None.
static mp_obj_t mpyd_coroutines(void) {
    mp_obj_t coroutines = messages_take_coroutines();

    return coroutines != MP_OBJ_NULL ? coroutines : mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_0(mpyd_coroutines_obj, mpyd_coroutines);

// reply(number, result) and reply(number, None, exception)
static mp_obj_t mpyd_reply(size_t n_args, const mp_obj_t *args) {
    uint32_t number = (uint32_t)mp_obj_get_int(args[0]);

    if (n_args == 3) {
        messages_reply_exception(number, args[2]);
    } else {
        messages_reply_result(number, args[1]);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(mpyd_reply_obj, 2, 3, mpyd_reply);

static const mp_rom_map_elem_t globals_table[] = {
    {MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR_mpyd)},
    {MP_ROM_QSTR(MP_QSTR_name), MP_ROM_PTR(&app_name)},
    {MP_ROM_QSTR(MP_QSTR_version), MP_ROM_PTR(&app_version)},
    {MP_ROM_QSTR(MP_QSTR_ready), MP_ROM_PTR(&mpyd_ready_obj)},
    {MP_ROM_QSTR(MP_QSTR_heartbeat), MP_ROM_PTR(&mpyd_heartbeat_obj)},
    {MP_ROM_QSTR(MP_QSTR_on_stop), MP_ROM_PTR(&mpyd_on_stop_obj)},
    {MP_ROM_QSTR(MP_QSTR_on_call), MP_ROM_PTR(&mpyd_on_call_obj)},
    {MP_ROM_QSTR(MP_QSTR_secret), MP_ROM_PTR(&mpyd_secret_obj)},
    {MP_ROM_QSTR(MP_QSTR_open), MP_ROM_PTR(&stream_open_obj)},
    {MP_ROM_QSTR(MP_QSTR__waker), MP_ROM_PTR(&waker)},
    {MP_ROM_QSTR(MP_QSTR__listens), MP_ROM_PTR(&mpyd_listens_obj)},
    {MP_ROM_QSTR(MP_QSTR__on_listen), MP_ROM_PTR(&mpyd_on_listen_obj)},
    {MP_ROM_QSTR(MP_QSTR__set_loop), MP_ROM_PTR(&mpyd_set_loop_obj)},
    {MP_ROM_QSTR(MP_QSTR__coroutines), MP_ROM_PTR(&mpyd_coroutines_obj)},
    {MP_ROM_QSTR(MP_QSTR__reply), MP_ROM_PTR(&mpyd_reply_obj)},
};
static MP_DEFINE_CONST_DICT(globals, globals_table);

const mp_obj_module_t modmpyd = {
    .base = {&mp_type_module},
    .globals = (mp_obj_dict_t *)&globals,
};
MP_REGISTER_MODULE(MP_QSTR_mpyd, modmpyd);

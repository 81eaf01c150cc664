// SPDX-License-Identifier: MIT
#include "vm/callback.h"

#include "py/runtime.h"
#include "py/stream.h"

#include "vm/log.h"

extern const struct _mp_dummy_t mp_sys_stderr_obj;

static const mp_print_t print_stderr = {(void *)(uintptr_t)&mp_sys_stderr_obj,
                                        mp_stream_write_adaptor};

static bool ends_app(mp_obj_t exception) {
    return !mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(exception)),
                                    MP_OBJ_FROM_PTR(&mp_type_Exception));
}

static void print(void *exception) {
    mp_obj_print_exception(&print_stderr, MP_OBJ_FROM_PTR(exception));
}

// Printing may run code of the app that raises in turn, and needs stack: the type then has to do.
static void report(mp_obj_t exception) {
    qstr type = (qstr)mp_obj_get_type(exception)->name;
    mp_obj_t raised = MP_OBJ_NULL;

    log_flush(&log_stderr);
    raised = callback_try(print, MP_OBJ_TO_PTR(exception));
    if (raised != MP_OBJ_NULL) {
        log_flush(&log_stderr);
        log_write(&log_stderr, qstr_str(type), qstr_len(type));
        log_flush(&log_stderr);
    }
    if (raised != MP_OBJ_NULL && ends_app(raised)) {
        mp_sched_exception(raised); // a stop that came to it
    }
}

mp_obj_t callback_try(void (*function)(void *context), void *context) {
    nlr_buf_t nlr;

    if (nlr_push(&nlr) == 0) {
        function(context);
        nlr_pop();
        return MP_OBJ_NULL;
    }
    return MP_OBJ_FROM_PTR(nlr.ret_val);
}

mp_obj_t callback_protect(void (*function)(void *context), void *context) {
    mp_obj_t exception = callback_try(function, context);

    if (exception != MP_OBJ_NULL && ends_app(exception)) {
        mp_sched_exception(exception);
    } else if (exception != MP_OBJ_NULL) {
        report(exception);
    }
    return exception;
}

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

// Printing may run code of the app that raises in turn.
static void report(mp_obj_t exception) {
    nlr_buf_t nlr;

    if (nlr_push(&nlr) == 0) {
        log_flush(&log_stderr);
        mp_obj_print_exception(&print_stderr, exception);
        nlr_pop();
    }
}

mp_obj_t callback_protect(void (*function)(void *context), void *context) {
    nlr_buf_t nlr;
    mp_obj_t exception = MP_OBJ_NULL;

    if (nlr_push(&nlr) == 0) {
        function(context);
        nlr_pop();
        return MP_OBJ_NULL;
    }
    exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    if (ends_app(exception)) {
        mp_sched_exception(exception);
    } else {
        report(exception);
    }
    return exception;
}

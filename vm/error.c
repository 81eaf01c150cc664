// SPDX-License-Identifier: MIT
#include "vm/error.h"

#include <errno.h>

#include "py/objexcept.h"
#include "py/objstr.h"
#include "py/runtime.h"

#include "call/calls.h"
#include "call/proxies.h"

#define REASON_MAX 512

// As upstream prints an OSError, which it does only for the type itself.
static void print_permission_error(const mp_print_t *print, mp_obj_t self_in,
                                   mp_print_kind_t kind) {
    mp_obj_exception_t *self = MP_OBJ_TO_PTR(self_in);
    bool is_text = (kind & ~PRINT_EXC_SUBCLASS) == PRINT_EXC || kind == PRINT_STR;

    if (!is_text || self->args == NULL || self->args->len != 2) {
        mp_obj_exception_print(print, self_in, kind);
        return;
    }
    if (kind == PRINT_EXC) {
        mp_printf(print, "%q: ", (qstr)self->base.type->name);
    }
    mp_print_str(print, "[Errno ");
    mp_obj_print_helper(print, self->args->items[0], PRINT_STR);
    mp_print_str(print, "] ");
    mp_obj_print_helper(print, self->args->items[1], PRINT_STR);
}

MP_DEFINE_CONST_OBJ_TYPE(mp_type_PermissionError, MP_QSTR_PermissionError, MP_TYPE_FLAG_NONE,
                         make_new, mp_obj_exception_make_new, print, print_permission_error, attr,
                         mp_obj_exception_attr, parent, &mp_type_OSError);

// "group.name: why not". The supervisor says why; the call is known here.
static mp_obj_t refusal_text(uint32_t number) {
    char reason[REASON_MAX];
    int64_t size = call_channel_explain(reason, sizeof(reason));
    const struct call_name *call = calls_find(number);
    vstr_t text;

    vstr_init(&text, sizeof(reason));
    vstr_add_str(&text, call != NULL ? call->name : "call");
    vstr_add_str(&text, ": ");
    if (size > 0 && size <= (int64_t)sizeof(reason)) {
        vstr_add_strn(&text, reason, (size_t)size);
    } else {
        vstr_add_str(&text, "granted, but the operating system refuses it");
    }
    return mp_obj_new_str_from_vstr(&text);
}

static NORETURN void raise_refusal(uint32_t number, int error) {
    mp_obj_t args[] = {MP_OBJ_NEW_SMALL_INT(error), refusal_text(number)};

    nlr_raise(mp_obj_new_exception_args(&mp_type_PermissionError, MP_ARRAY_SIZE(args), args));
}

void mpyd_raise_call_error(uint32_t number, int error) {
    if (error == ECANCELED) {
        mp_handle_pending(true);
    }
    if (error == EACCES) {
        raise_refusal(number, error);
    }
    mp_raise_OSError(error);
}

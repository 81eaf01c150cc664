// SPDX-License-Identifier: MIT
#include "vm/waker.h"

#include <errno.h>
#include <stdbool.h>

#include "py/obj.h"
#include "py/stream.h"

struct waker {
    mp_obj_base_t base;
};

static bool is_awake;

static mp_uint_t waker_ioctl(mp_obj_t self, mp_uint_t request, uintptr_t argument, int *error) {
    mp_uint_t ready = 0;

    (void)self;
    if (request == MP_STREAM_POLL) {
        ready = is_awake ? argument & MP_STREAM_POLL_RD : 0;
        is_awake = false;
        return ready;
    }
    *error = EINVAL;
    return MP_STREAM_ERROR;
}

static const mp_stream_p_t waker_stream = {.ioctl = waker_ioctl};
static MP_DEFINE_CONST_OBJ_TYPE(waker_type, MP_QSTR_Waker, MP_TYPE_FLAG_NONE, protocol,
                                &waker_stream);

const struct waker waker = {{&waker_type}};

void waker_wake(void) {
    is_awake = true;
}

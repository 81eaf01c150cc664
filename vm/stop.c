// SPDX-License-Identifier: MIT
#include "vm/stop.h"

#include "py/objexcept.h"
#include "py/runtime.h"

#include "vm/socket.h"

uint32_t stop_seen;

static uint32_t level_reached; /* enum wire_stop */

// Prepared, so that a full heap cannot keep an app from stopping. Its traceback is on the heap.
MP_REGISTER_ROOT_POINTER(mp_obj_exception_t stop_exception);

static void raise_stop(void) {
    mp_obj_exception_t *stop = &MP_STATE_VM(stop_exception);

    *stop = (mp_obj_exception_t){
        .base = {&mp_type_SystemExit},
        .args = (mp_obj_tuple_t *)&mp_const_empty_tuple_obj,
    };
    mp_sched_exception(MP_OBJ_FROM_PTR(stop));
}

static void reach(uint32_t level) {
    level_reached = level;
    switch ((enum wire_stop)level) {
    case WIRE_RUN:
        break;
    case WIRE_STOP:
        raise_stop();
        break;
    case WIRE_INTERRUPT:
        mp_sched_keyboard_interrupt();
        break;
    case WIRE_ABORT:
        mp_sched_vm_abort();
        break;
    }
}

void stop_changed(uint32_t control) {
    uint32_t level = control & WIRE_STOP_MASK;

    stop_seen = control;
    caller_consume();
    if (level > level_reached) {
        reach(level);
    }
    socket_later_tick();
}

bool stop_is_cause(const void *exception) {
    return (level_reached >= WIRE_STOP && exception == &MP_STATE_VM(stop_exception)) ||
           (level_reached >= WIRE_INTERRUPT && exception == &MP_STATE_VM(mp_kbd_exception));
}

// A stop changes the control word before it is posted, so there is nothing left to do for the
// upcall itself: it is there to wake a worker that sleeps.
void caller_on_upcall(uint32_t kind, uint32_t tag, int64_t result) {
    (void)kind;
    (void)tag;
    (void)result;
    stop_poll();
}

int caller_should_cancel(void) {
    stop_poll();
    return MP_STATE_MAIN_THREAD(mp_pending_exception) != MP_OBJ_NULL || MP_STATE_VM(vm_abort);
}

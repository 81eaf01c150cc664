// SPDX-License-Identifier: MIT
#include "vm/stop.h"

#include "py/objexcept.h"
#include "py/objlist.h"
#include "py/runtime.h"

#include "vm/callback.h"
#include "vm/messages.h"
#include "vm/socket.h"
#include "vm/upcall.h"

uint32_t stop_seen;

static bool is_started;
static uint32_t level_reached; /* enum wire_stop */

// Prepared, so that a full heap cannot keep an app from stopping. Its traceback is on the heap.
MP_REGISTER_ROOT_POINTER(mp_obj_exception_t stop_exception);
MP_REGISTER_ROOT_POINTER(mp_obj_t stop_callbacks); // a list, or NULL

static void raise_stop(void) {
    mp_obj_exception_t *stop = &MP_STATE_VM(stop_exception);

    *stop = (mp_obj_exception_t){
        .base = {&mp_type_SystemExit},
        .args = (mp_obj_tuple_t *)&mp_const_empty_tuple_obj,
    };
    mp_sched_exception(MP_OBJ_FROM_PTR(stop));
}

static void raise_level(void) {
    if (level_reached == WIRE_INTERRUPT) {
        mp_sched_keyboard_interrupt();
    } else if (level_reached == WIRE_STOP) {
        raise_stop();
    }
}

static void reach(uint32_t level) {
    level_reached = level;
    if (level == WIRE_ABORT) {
        mp_sched_vm_abort();
        return;
    }
    messages_let_stop();
    if (MP_STATE_VM(stop_callbacks) != MP_OBJ_NULL) {
        upcall_schedule();
    } else {
        raise_level();
    }
}

void stop_changed(uint32_t control) {
    uint32_t level = control & WIRE_STOP_MASK;

    stop_seen = control;
    // The ring has what CONTROL counts, for whoever looks into it only now.
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    caller_consume();
    if (is_started && level > level_reached) {
        reach(level);
    }
    socket_later_tick();
}

void stop_insist(void) {
    if (MP_STATE_VM(stop_callbacks) == MP_OBJ_NULL &&
        MP_STATE_MAIN_THREAD(mp_pending_exception) == MP_OBJ_NULL) {
        raise_level();
    }
}

// mp_init() forgets what is pending, so nothing is left pending before.
void stop_start(void) {
    is_started = true;
    stop_changed(caller_control());
}

bool stop_is_under_way(void) {
    return level_reached != WIRE_RUN;
}

bool stop_is_cause(const void *exception) {
    return (level_reached >= WIRE_STOP && exception == &MP_STATE_VM(stop_exception)) ||
           (level_reached >= WIRE_INTERRUPT && exception == &MP_STATE_VM(mp_kbd_exception));
}

// -- what the app has run first ------------------------------------------------------------------

void stop_add_callback(mp_obj_t function) {
    if (MP_STATE_VM(stop_callbacks) == MP_OBJ_NULL) {
        MP_STATE_VM(stop_callbacks) = mp_obj_new_list(0, NULL);
    }
    mp_obj_list_append(MP_STATE_VM(stop_callbacks), function);
}

bool stop_has_callbacks(void) {
    return MP_STATE_VM(stop_callbacks) != MP_OBJ_NULL;
}

static void call(void *context) {
    mp_call_function_0(*(mp_obj_t *)context);
}

void stop_run_callbacks(void) {
    mp_obj_list_t *callbacks = MP_OBJ_TO_PTR(MP_STATE_VM(stop_callbacks));

    if (level_reached == WIRE_RUN || callbacks == NULL) {
        return;
    }
    // Those that are added meanwhile run too.
    for (size_t i = 0; i < callbacks->len; i++) {
        (void)callback_protect(call, &callbacks->items[i]);
    }
    MP_STATE_VM(stop_callbacks) = MP_OBJ_NULL;
    // One of them may have left an exit of its own pending, or have been left by this one.
    stop_insist();
}

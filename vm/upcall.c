// SPDX-License-Identifier: MIT
#include "vm/upcall.h"

#include <stdint.h>

#include "py/runtime.h"

#include "call/caller.h"
#include "call/proxies.h"
#include "vm/heap.h"
#include "vm/messages.h"
#include "vm/stop.h"
#include "vm/wait.h"
#include "vm/waker.h"

static bool is_started, is_exiting;
static uint32_t kinds; /* 1 << enum wire_kind: those to act upon */
static mp_sched_node_t node;

static void run(mp_sched_node_t *self) {
    uint32_t now = kinds;

    (void)self;
    kinds = 0;
    stop_run_callbacks();
    if ((now & 1u << WIRE_UPCALL_PING) != 0) {
        struct heap_usage usage = heap_usage();

        (void)call_app_usage((int64_t)usage.size, (int64_t)usage.used);
    }
    if ((now & 1u << WIRE_UPCALL_MESSAGE) != 0) {
        messages_run();
    }
    // What the app waits for may be there now, by its own doing.
    wait_skip();
    waker_wake();
}

void upcall_schedule(void) {
    if (is_started) {
        (void)mp_sched_schedule_node(&node, run);
    }
}

void upcall_start(void) {
    is_started = true;
    stop_start();
    if (kinds != 0) {
        upcall_schedule();
    }
}

void upcall_end(void) {
    mp_sched_lock();
    MP_STATE_MAIN_THREAD(mp_pending_exception) = MP_OBJ_NULL; // one that an abort came before
}

void upcall_exit(void) {
    is_exiting = true;
}

bool upcall_is_due(void) {
    return MP_STATE_VM(sched_state) == MP_SCHED_PENDING;
}

// A stop changes the control word before it is posted, so there is nothing left to do for the
// upcall itself: it is there to wake a worker that sleeps.
void caller_on_upcall(uint32_t kind, uint32_t tag, int64_t result) {
    (void)tag;
    (void)result;
    if (kind == WIRE_UPCALL_PING || kind == WIRE_UPCALL_MESSAGE) {
        kinds |= 1u << kind;
        upcall_schedule();
    }
    stop_poll();
}

int caller_should_cancel(void) {
    if (is_exiting) {
        return 0;
    }
    stop_poll();
    return MP_STATE_MAIN_THREAD(mp_pending_exception) != MP_OBJ_NULL || MP_STATE_VM(vm_abort) ||
           (wait_is_asleep() && upcall_is_due());
}

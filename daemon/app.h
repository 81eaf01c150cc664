// SPDX-License-Identifier: MIT
#pragma once

// The app this supervisor serves: everything that lasts as long as the supervisor, and what is
// known of the worker of the moment. Handlers know it by name only (handler.h).

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/channel.h"
#include "daemon/app-log.h"
#include "daemon/flight.h"
#include "daemon/handler.h"
#include "daemon/kernel-page.h"
#include "daemon/messages.h"
#include "daemon/record.h"
#include "daemon/recorder.h"
#include "daemon/secrets.h"
#include "daemon/upcall.h"
#include "daemon/wait.h"

#define APP_NAME_SIZE 32
#define REFUSAL_SIZE 512 /* the reason:out(512) of channel.explain */

struct handle_table;
struct health;

// What the worker of this generation has said of itself.
struct worker {
    uint32_t generation; /* 0: none was ever started */
    bool running;        /* between the spawner's STARTED and ENDED */
    bool started;        /* made its first call, channel.start */
    bool exiting;        /* announced its end: exit_kind and exit_status */
    uint32_t exit_kind;  /* enum wire_exit */
    uint32_t exit_status;
    uint32_t phase; /* enum app_enter_phase: what of the app it said runs; 0: nothing yet */
    uint64_t ready_usec, heartbeat_usec; /* when it last said so, as loop_now_usec(); 0: never */
    char broken[128];                    /* how it broke the protocol; empty if it did not */
};

// Of the VM's heap, as the worker says.
struct app_heap {
    uint64_t size, used; /* bytes */
    uint64_t taken_usec; /* when it said so, as loop_now_usec(); 0: never */
};

struct app_counters {
    uint64_t calls;
    uint64_t refusals;
    uint64_t workers;
    uint64_t broken_workers;
    uint64_t doorbells_idle; /* rings that announced nothing */
};

struct app {
    char name[APP_NAME_SIZE];
    struct loop *loop;
    struct channel channel;
    struct kernel_page kernel_page;
    struct policy *policy;
    struct resolver *resolver;

    struct handle_table *handles;
    struct flights flights;
    struct waits waits;
    struct upcalls upcalls;
    struct worker worker;
    struct health *health; /* the supervisor's; NULL: nobody asks for it */

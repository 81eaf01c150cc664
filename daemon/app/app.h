// SPDX-License-Identifier: MIT
#pragma once

// The app this supervisor serves: everything that lasts as long as the supervisor, and what is
// known of the worker of the moment. Handlers know it by name only (handler.h).

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/channel.h"
#include "daemon/app/app-log.h"
#include "daemon/app/given.h"
#include "daemon/app/kernel-page.h"
#include "daemon/app/messages.h"
#include "daemon/app/secrets.h"
#include "daemon/app/usage.h"
#include "daemon/crash/crash.h"
#include "daemon/dispatch/flight.h"
#include "daemon/dispatch/upcall.h"
#include "daemon/dispatch/wait.h"
#include "daemon/handler.h"
#include "daemon/record/record.h"
#include "daemon/record/recorder.h"

#define APP_NAME_SIZE 32
#define REFUSAL_SIZE 512 /* the reason:out(512) of channel.explain */

struct handle_table;
struct health;

// What the worker of this generation has said of itself.
struct worker {
    uint32_t generation; /* 0: none was ever started */
    uint64_t begun_usec; /* loop_now_usec() when it was about to start */
    bool running;        /* between the spawner's STARTED and ENDED */
    bool started;        /* made its first call, channel.start */
    bool exiting;        /* announced its end: exit_kind and exit_status */
    uint32_t exit_kind;  /* enum wire_exit */
    uint32_t exit_status;
    uint32_t phase; /* enum app_enter_phase: what of the app it said runs; 0: nothing yet */
    uint32_t ran;   /* likewise, but what ran when it failed first, if it did */
    bool failed;    /* nothing caught an exception of it */
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
    uint64_t doorbells_idle;   /* rings that announced nothing */
    uint64_t doorbells_polled; /* times that doorbells gave way to a look now and then */
    uint64_t handles_refused;  /* EMFILE: there were as many as it may hold */
    uint64_t calls_delayed;    /* pauses, because there were too many calls a second */
};

struct app {
    char name[APP_NAME_SIZE];
    struct loop *loop;
    struct channel channel;
    struct kernel_page kernel_page;
    struct policy *policy;
    struct resolver *resolver;
    struct storage *storage; /* NULL: no state directory; without a quota none is granted */

    struct handle_table *handles;
    struct flights flights;
    struct waits waits;
    struct upcalls upcalls;
    struct worker worker;
    struct health *health; /* the supervisor's; NULL: nobody asks for it */
    struct app_heap heap;
    struct usages usages;
    struct messages *messages;
    struct secrets secrets;
    struct given_files given;

    struct app_log log;
    struct crashes crashes;
    struct recorder recorder; /* of the worker of the moment */
    struct app_counters counters;
    struct records records;
    char refusal[REFUSAL_SIZE]; /* why the last call was refused by policy; empty: it was not */
};

// Makes what an app needs before anything is known of it but its name: loop, handle table, waits.
// The channel and the kernel page come first, by channel_init() and kernel_page_init(). Returns 0
// or -errno; app_done() undoes it, the channel and the kernel page included, and takes a half-made
// app.
int app_init(struct app *app, const char *name);
void app_done(struct app *app);

// A worker of the next generation is about to start: forgets all that the last one had.
void app_next_generation(struct app *app);

// The worker is gone: its handles are closed, its calls in flight forgotten.
void app_reap(struct app *app);

// Posts an upcall of KIND (enum wire_kind) that says no more than that, and ends the worker's
// sleep.
void app_upcall(struct app *app, uint32_t kind);

// Declares the worker broken, unless it already is: it is killed at the end of the batch. Returns
// APP_BROKEN, for dispatch to pass up.
#define APP_BROKEN 8192 /* above CALL_LATER */
int app_break(struct app *app, const char *format, ...) __attribute__((format(printf, 2, 3)));

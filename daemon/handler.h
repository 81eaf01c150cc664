// SPDX-License-Identifier: MIT
#pragma once

// What a handler may use. A handler serves one call of call/calls.csv; its prototype is generated
// (stubs.h) and its arguments have been checked and copied before it runs. It never blocks.
//
// Returns of a handler:
//     0             done; *ret_result (where there is one) is the call's result
//     > 0           an errno that the app sees as OSError: one of the row's errors, or it sees EIO
//     < 0           our own failure, -errno: the supervisor logs it and gives up
//     CALL_LATER    the handler kept call_reference() and will call_complete() (flag "later" only)

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

#define CALL_LATER 4096 /* above every errno */

struct app;  /* the app this supervisor serves: daemon/app/app.h */
struct call; /* a call while its handler runs */
struct call_row;
struct handle; /* an object of the supervisor that the worker knows by number */
struct policy;
struct messages;
struct resolver;
struct storage;
struct secrets;
struct given_files;
struct loop;

// Bytes the worker sent: a private copy, valid until the handler returns.
struct bytes {
    const uint8_t *data;
    size_t size;
};

// Where the handler writes its answer: shared memory. Write it, never read it.
struct window {
    uint8_t *data;
    size_t size;
};

// -- the call ------------------------------------------------------------------------------------

struct app *call_app(const struct call *call);

// Refuses the call by policy: remembers why ("connect to 10.0.0.1:80: no grant matches"), which the
// worker can ask for with channel.explain. Returns EACCES.
int call_refuse(struct call *call, const char *format, ...) __attribute__((format(printf, 2, 3)));

// For calls that complete later: what identifies this one, and its end. A reference of a worker
// that has since died is dropped silently. RESULT: >= 0 or -errno.
struct call_reference {
    uint32_t generation; /* of the worker */
    uint32_t tag;
    uint64_t serial; /* of the call: a worker may use a tag again once it cancelled its call */
    const struct call_row *row;
};
struct call_reference call_reference(const struct call *call);
void call_complete(struct app *app, struct call_reference reference, int64_t result);

// Whether the call still waits for its end: it was not cancelled, and its worker lives.
bool call_is_waiting(const struct app *app, struct call_reference reference);

// Copies SIZE bytes to the window WINDOW of a call that completes later, unless its worker has
// died.
void call_answer(struct app *app, struct call_reference reference, struct window window,
                 const void *data, size_t size);

// -- the worker itself: for the channel, log and app groups
// -------------------------------------------

// The worker introduces itself. Returns 0, or EPROTO if it was built for another wire.
int app_introduce(struct app *app, uint32_t abi);

// The worker says how it is about to end (enum wire_exit). It makes no call after this one.
void app_announce_exit(struct app *app, uint32_t kind, uint32_t status);

// The worker says what of the app runs next (enum app_enter_phase), how many bytes of its heap of
// SIZE are USED, that the app is ready, that it is well. The last two return 0 or -errno.
void app_announce_phase(struct app *app, uint32_t phase);
void app_announce_heap(struct app *app, uint64_t size, uint64_t used);
int app_announce_ready(struct app *app);
int app_announce_heartbeat(struct app *app);

// Sleeps for channel.wait: returns 0 and the readiness generation, CALL_LATER, or -errno.
int call_wait(struct call *call, uint32_t generation, int64_t timeout_usec, int64_t *ret_result);

// Ends the call in flight that the worker names TAG with ECANCELED. Returns 0 or ENOENT.
int app_cancel(struct app *app, uint32_t tag);

// Why the policy refused the call before this one; "" if it did not.
const char *app_refusal(const struct app *app);

// Writes TEXT to the app's log at LEVEL of syslog.h, within its quota: a line for each of its
// lines, nothing in them that a terminal would obey.
void app_write_log(struct app *app, int level, const char *text);

// -- what an app holds ---------------------------------------------------------------------------

const struct policy *app_policy(const struct app *app);
struct loop *app_loop(struct app *app);
struct resolver *app_resolver(struct app *app); /* daemon/network/resolver.h */
struct storage *app_storage(struct app *app); /* daemon/storage/storage.h; NULL: none was granted */
struct messages *app_messages(struct app *app);             /* daemon/app/messages.h */
const struct secrets *app_secrets(const struct app *app);   /* daemon/app/secrets.h */
const struct given_files *app_given(const struct app *app); /* daemon/app/given.h */

// -- handles -------------------------------------------------------------------------------------

// Gives OBJECT of KIND (generated enum handle_kind) a handle. FREE is called with OBJECT when the
// handle is closed or the worker dies. Returns 0 and *ret_handle; EMFILE if the app has its quota;
// or ENOMEM. OBJECT stays the caller's then.
int handle_new(struct app *app, uint32_t kind, void *object, void (*free)(void *object),
               struct handle **ret_handle);

// Closes: the object is freed, the number is never valid again.
void handle_free(struct handle *handle);

void *handle_object(const struct handle *handle);
uint32_t handle_number(const struct handle *handle); /* what the worker sees */
struct app *handle_app(const struct handle *handle);

// Sets and clears readiness bits (enum wire_ready); a newly set one wakes a waiting worker.
void handle_ready(struct handle *handle, uint32_t set, uint32_t clear);
bool handle_is_ready(const struct handle *handle, uint32_t ready);

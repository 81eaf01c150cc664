// SPDX-License-Identifier: MIT
#pragma once

// Messages: what an administrator asks the running app. Each waits here until the worker has taken
// it, which an upcall tells it to, and then for the reply, no longer than its time. The worker is
// told a number only, and can answer no message twice, nor one that it did not take.

#include <stddef.h>
#include <stdint.h>

struct app;
struct messages;

#define MESSAGES_MAX 16u /* that wait at a time */

enum message_outcome {
    MESSAGES_REPLIED, /* the text is what the app's function returned */
    MESSAGES_FAILED,  /* the function raised; the text is the exception */
    MESSAGES_NO_SUCH, /* the app has no function of this name */
    MESSAGES_TIMEOUT, /* no reply in time; the app may still come to it */
    MESSAGES_GONE,    /* the worker has ended */
};

// The end of a message. TEXT is UTF-8, "" where an outcome has none, and valid until it returns. It
// may post and cancel messages.
typedef void (*message_answer)(void *context, enum message_outcome outcome, const char *text);

// Returns 0 or -errno; messages_free() drops what waits without an answer, and takes NULL.
int messages_new(struct app *app, struct messages **ret_messages);
struct messages *messages_free(struct messages *messages);

// Sends ARGUMENT to the app's function NAME, both UTF-8. ANSWER is called once, with CONTEXT,
// unless messages_cancel() comes first, and never from here. Returns 0; -ENOTCONN: no worker runs
// that could take it; -EBUSY: too many wait; -EMSGSIZE: longer than WIRE_MESSAGE_NAME_MAX or
// WIRE_MESSAGE_TEXT_MAX, or without a name; -EILSEQ: no text; -ENOMEM.
int messages_post(struct app *app, const char *name, const char *argument, uint64_t timeout_usec,
                  message_answer answer, void *context);

// Forgets what was posted with CONTEXT: its answers have nowhere to go.
void messages_cancel(struct app *app, void *context);

// The next message for the worker: writes a wire message to DATA, SIZE bytes of shared memory.
// Returns 0 and *ret_size, which is 0 if there is none; or EMSGSIZE: it is longer than SIZE.
int messages_take(struct messages *messages, uint8_t *data, size_t size, size_t *ret_size);

// The worker's reply to message NUMBER. Returns 0, or ENOENT: it does not wait, or was not taken.
int messages_reply(struct messages *messages, uint32_t number, enum message_outcome outcome,
                   const char *text);

// The worker is gone: every message is answered with MESSAGES_GONE.
void messages_end(struct messages *messages);

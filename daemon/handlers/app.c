// SPDX-License-Identifier: MIT

// The calls in which an app tells of itself, takes messages and reads its secrets.

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/app/messages.h"
#include "daemon/app/secrets.h"
#include "daemon/handler.h"

int handle_app_enter(struct call *call, uint32_t phase, int64_t heap, int64_t used) {
    app_announce_phase(call_app(call), phase);
    app_announce_heap(call_app(call), (uint64_t)heap, (uint64_t)used);
    return 0;
}

int handle_app_ready(struct call *call) {
    return app_announce_ready(call_app(call));
}

int handle_app_heartbeat(struct call *call) {
    return app_announce_heartbeat(call_app(call));
}

int handle_app_usage(struct call *call, int64_t heap, int64_t used) {
    app_announce_heap(call_app(call), (uint64_t)heap, (uint64_t)used);
    return 0;
}

int handle_app_take(struct call *call, struct window message, int64_t *ret_result) {
    size_t size = 0;
    int r = messages_take(app_messages(call_app(call)), message.data, message.size, &size);

    *ret_result = (int64_t)size;
    return r;
}

// TEXT of a reply, to be used up before the next.
static const char *without_secrets(struct app *app, const char *text) {
    static char copy[WIRE_MESSAGE_TEXT_MAX + 1];

    if (app_secrets(app)->n_items == 0) {
        return text;
    }
    (void)snprintf(copy, sizeof(copy), "%s", text);
    (void)secrets_redact(app_secrets(app), copy);
    return copy;
}

int handle_app_reply(struct call *call, uint32_t number, uint32_t outcome, const char *text) {
    static const enum message_outcome outcomes[] = {
        [APP_REPLY_OUTCOME_REPLIED] = MESSAGES_REPLIED,
        [APP_REPLY_OUTCOME_FAILED] = MESSAGES_FAILED,
        [APP_REPLY_OUTCOME_NO_SUCH] = MESSAGES_NO_SUCH,
    };

    // What the function returns is the app's own word; what it failed of may name anything.
    if (outcome == APP_REPLY_OUTCOME_FAILED) {
        text = without_secrets(call_app(call), text);
    }
    return messages_reply(app_messages(call_app(call)), number, outcomes[outcome], text);
}

int handle_app_secret(struct call *call, const char *name, struct window value,
                      int64_t *ret_result) {
    const uint8_t *data = NULL;
    size_t size = 0;

    switch (secrets_find(app_secrets(call_app(call)), name, &data, &size)) {
    case SECRETS_DENIED:
        return call_refuse(call, "credential %s: not among the grants", name);
    case SECRETS_MISSING:
        return ENOENT;
    case SECRETS_TOO_LONG:
        return EMSGSIZE;
    default:
        break;
    }
    if (size > value.size) {
        return EMSGSIZE;
    }
    memcpy(value.data, data, size);
    *ret_result = (int64_t)size;
    return 0;
}

// SPDX-License-Identifier: MIT

// What happens to a call around its handler: refusal, later completion, waiting, cancelling.

#include "daemon/dispatch/call.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "call/calls.h"
#include "daemon/app/app.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/life/health.h"
#include "daemon/record/record.h"

struct app *call_app(const struct call *call) {
    return call->app;
}

int call_refuse(struct call *call, const char *format, ...) {
    struct app *app = call->app;
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(app->refusal, sizeof(app->refusal), format, arguments);
    va_end(arguments);
    app->counters.refusals++;
    return EACCES;
}

int call_promised(const struct call_row *row, int error) {
    if (error <= 0 || error >= CALL_LATER || error == ECANCELED) {
        return error;
    }
    for (const int *one = row->errors; *one; one++) {
        if (*one == error) {
            return error;
        }
    }
    log_debug("%s: %s, which is not among its errors, becomes EIO", row->name,
              strerrorname_np(error));
    return EIO;
}

struct call_reference call_reference(const struct call *call) {
    struct app *app = call->app;
    struct call_reference reference =
        flight_add(&app->flights, call->row, app->worker.generation, call->tag);

    assert(reference.serial != 0);
    flight_annotate(&app->flights, reference, call->submission, call->started_nsec,
                    record_open(app, call));
    return reference;
}

static bool is_alive(const struct app *app, struct call_reference reference) {
    return app->worker.running && flight_has(&app->flights, reference);
}

void call_complete(struct app *app, struct call_reference reference, int64_t result) {
    int error = 0;

    if (!is_alive(app, reference)) {
        return;
    }
    error = result < 0 ? call_promised(reference.row, (int)-result) : 0;
    record_later(app, flight_note(&app->flights, reference), result, error);
    (void)flight_take(&app->flights, reference);
    channel_complete(&app->channel, reference.tag, error ? -error : result);
}

bool call_is_waiting(const struct app *app, struct call_reference reference) {
    return is_alive(app, reference);
}

void call_answer(struct app *app, struct call_reference reference, struct window window,
                 const void *data, size_t size) {
    assert(size <= window.size);
    if (is_alive(app, reference)) {
        memcpy(window.data, data, size);
    }
}

int app_cancel(struct app *app, uint32_t tag) {
    struct call_reference reference;

    if (!flight_find(&app->flights, tag, &reference)) {
        return ENOENT;
    }
    call_complete(app, reference, -ECANCELED);
    return 0;
}

int app_introduce(struct app *app, uint32_t abi) {
    if (abi != WIRE_ABI) {
        return EPROTO;
    }
    app->worker.started = true;
    return health_called(app);
}

int call_wait(struct call *call, uint32_t generation, int64_t timeout_usec, int64_t *ret_result) {
    struct app *app = call->app;
    int r = 0;

    // The worker read the generation before it looked at its handles: whatever became ready since
    // has raised it, and the wait is over before it began.
    if (generation != app->channel.readiness_generation || timeout_usec == 0) {
        *ret_result = app->channel.readiness_generation;
        return 0;
    }
    r = waits_add(&app->waits, call_reference(call), generation, timeout_usec);
    return r < 0 ? r : CALL_LATER;
}

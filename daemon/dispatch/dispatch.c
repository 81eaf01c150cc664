// SPDX-License-Identifier: MIT
#include "daemon/dispatch/dispatch.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"
#include "call/calls.h"
#include "call/stubs.h"
#include "daemon/app/app.h"
#include "daemon/dispatch/call.h"
#include "daemon/record/probe.h"
#include "daemon/record/record.h"
#include "daemon/record/trace.h"

#define TRACE_SIZE 512

static bool traces;

void dispatch_set_trace(bool trace) {
    traces = trace;
}

static const struct call_row *find_row(uint32_t number) {
    return number < CALLS_END && call_rows[number].name ? &call_rows[number] : NULL;
}

// What a worker that keeps to the protocol never does. Returns 0 or APP_BROKEN.
static int check_protocol(struct app *app, const struct wire_submission *submission,
                          const struct call_row *row) {
    bool is_start = row && row->flags & ROW_START;
    struct call_reference reference;

    if (submission->reserved != 0) {
        return app_break(app, "call %u: reserved field in use", submission->call);
    }
    // Two completions of one name would look like one.
    if (flight_find(&app->flights, submission->tag, &reference)) {
        return app_break(app, "tag %u is in flight already", submission->tag);
    }
    if (is_start && app->worker.started) {
        return app_break(app, "%s: started twice", row->name);
    }
    if (!is_start && !app->worker.started) {
        return app_break(app, "call %u before the start", submission->call);
    }
    if (app->worker.exiting) {
        return app_break(app, "call %u after the exit", submission->call);
    }
    return 0;
}

// One line like strace's: the call with what its stub took, and how it went.
static void trace_call(const struct call *call, const struct wire_submission *submission,
                       int64_t result, int r) {
    char text[TRACE_SIZE];

    (void)trace_format(text, sizeof(text), submission, call->scratch, call->scratch_used,
                       TRACE_PAYLOADS);
    if (r == 0) {
        log_debug("%s = %" PRId64, text, result);
    } else if (r == CALL_LATER) {
        log_debug("%s = later", text);
    } else if (r == APP_BROKEN) {
        log_debug("%s = ? (%s)", text, call->app->worker.broken);
    } else {
        log_debug("%s = -%s", text, strerrorname_np(r < 0 ? -r : r));
    }
}

// Ends CALL, which was served with R and RESULT. Returns 0, APP_BROKEN or -errno.
static int finish(const struct call *call, int64_t result, int r) {
    struct app *app = call->app;

    if (r < 0) {
        assert(call->row); /* without one there is nothing that could fail */
        return log_errno(r, "%s: %s", app->name, call->row->name);
    }
    if (r == CALL_LATER) {
        assert(call->row->flags & ROW_LATER);
        return 0;
    }
    record_now(call, result, r);
    if (r == APP_BROKEN) {
        return r;
    }
    assert(r < CALL_LATER && result >= 0);
    channel_complete(&app->channel, call->tag, r > 0 ? -r : result);
    return 0;
}

// Before anything of the call is shown, which may be cut anywhere and written in another way.
static void redact(const struct call *call) {
    const struct app *app = call->app;

    if (app->secrets.n_items > 0 && (traces || record_shows(app, call))) {
        (void)secrets_redact_bytes(&app->secrets, call->scratch, call->scratch_used);
    }
}

int dispatch_call(struct app *app, const struct wire_submission *submission) {
    // One call is served at a time, so that one buffer does for all.
    static alignas(max_align_t) uint8_t scratch[STUBS_SCRATCH_SIZE];
    const struct call_row *row = find_row(submission->call);
    struct call call = {.app = app,
                        .row = row,
                        .tag = submission->tag,
                        .submission = submission,
                        .started_nsec = record_begin(app),
                        .scratch = scratch};
    int64_t result = 0;
    int r = 0;

    record_settle(app); /* the one before, which has the scratch */
    PROBE_CALL_BEGIN(submission->call, submission->tag);
    app->counters.calls++;
    r = check_protocol(app, submission, row);
    if (r) {
        record_now(&call, 0, r);
        return r;
    }
    // An EACCES of the kernel's must not be explained by an older refusal of ours.
    if (submission->call != CALL_CHANNEL_EXPLAIN) {
        app->refusal[0] = '\0';
    }
    log_set_call(row ? row->name : NULL);
    r = row ? call_promised(row, row->serve(&call, submission, &result)) : ENOSYS;
    log_set_call(NULL);
    redact(&call);
    if (traces) {
        trace_call(&call, submission, result, r);
    }
    return finish(&call, result, r);
}

int dispatch_next(struct app *app) {
    struct wire_submission submission;
    int r = 0;

    if (app->worker.broken[0] != '\0' || channel_next(&app->channel, &submission) == 0) {
        return 0;
    }
    r = dispatch_call(app, &submission);
    return r < 0 ? r : 1;
}

// SPDX-License-Identifier: MIT
#include "daemon/app/app.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "call/calls.h"
#include "daemon/dispatch/handle.h"
#include "daemon/life/health.h"
#include "daemon/network/policy.h"
#include "daemon/network/resolver.h"
#include "daemon/storage/storage.h"

#define LOG_TEXT_MAX 4096 /* the text:str(4096) of log.write */

int app_init(struct app *app, const char *name) {
    int r = 0;

    (void)snprintf(app->name, sizeof(app->name), "%s", name);
    r = loop_new(&app->loop);
    if (r == 0) {
        r = handles_new(app, &app->handles);
    }
    if (r == 0) {
        r = waits_init(&app->waits, app);
    }
    if (r == 0) {
        r = messages_new(app, &app->messages);
    }
    if (r == 0) {
        r = usages_init(&app->usages, app);
    }
    if (r == 0) {
        r = app_log_init(&app->log, app->loop, app->name);
    }
    return r;
}

void app_done(struct app *app) {
    app->handles = handles_free(app->handles);
    waits_done(&app->waits);
    app_log_done(&app->log);
    crashes_done(&app->crashes);
    recorder_done(&app->recorder);
    app->messages = messages_free(app->messages);
    usages_done(&app->usages);
    secrets_done(&app->secrets);
    given_done(&app->given);
    app->resolver = resolver_free(app->resolver);
    app->storage = storage_free(app->storage);
    app->policy = policy_free(app->policy);
    app->loop = loop_free(app->loop);
    channel_done(&app->channel);
    kernel_page_done(&app->kernel_page);
}

void app_next_generation(struct app *app) {
    app->worker =
        (struct worker){.generation = app->worker.generation + 1, .begun_usec = loop_now_usec()};
    app->upcalls = (struct upcalls){0};
    app->heap = (struct app_heap){0};
    app->refusal[0] = '\0';
    recorder_clear(&app->recorder);
    crashes_next_generation(&app->crashes);
    app->counters.workers++;
    channel_reset(&app->channel);
}

void app_reap(struct app *app) {
    app->worker.running = false;
    // First the calls, so that nothing the handles' destructors do completes one of a dead worker.
    flights_clear(&app->flights);
    waits_clear(&app->waits);
    resolver_cancel(app->resolver); /* lookups count, and not against the next worker */
    handles_reap(app->handles);
    messages_end(app->messages);
    usage_tell(app);
    app_log_report(&app->log);
}

void app_upcall(struct app *app, uint32_t kind) {
    upcall_post(&app->upcalls, &app->channel, kind, 0, 0);
    waits_wake(&app->waits);
}

int app_break(struct app *app, const char *format, ...) {
    va_list arguments;

    if (app->worker.broken[0] == '\0') {
        va_start(arguments, format);
        (void)vsnprintf(app->worker.broken, sizeof(app->worker.broken), format, arguments);
        va_end(arguments);
        app->counters.broken_workers++;
    }
    return APP_BROKEN;
}

const struct policy *app_policy(const struct app *app) {
    return app->policy;
}

struct resolver *app_resolver(struct app *app) {
    return app->resolver;
}

struct messages *app_messages(struct app *app) {
    return app->messages;
}

const struct given_files *app_given(const struct app *app) {
    return &app->given;
}

const struct secrets *app_secrets(const struct app *app) {
    return &app->secrets;
}

struct storage *app_storage(struct app *app) {
    return app->storage && app->storage->quota > 0 ? app->storage : NULL;
}

struct loop *app_loop(struct app *app) {
    return app->loop;
}

const char *app_refusal(const struct app *app) {
    return app->refusal;
}

void app_write_log(struct app *app, int level, const char *text) {
    static char copy[LOG_TEXT_MAX + 1];

    if (app->secrets.n_items > 0) {
        (void)snprintf(copy, sizeof(copy), "%s", text);
        (void)secrets_redact(&app->secrets, copy);
        text = copy;
    }
    if (level <= LOG_ERR && app->worker.phase == APP_ENTER_PHASE_FAILED) {
        crash_hear(app, text);
    }
    app_log_write(&app->log, level, text);
}

void app_announce_exit(struct app *app, uint32_t kind, uint32_t status) {
    app->worker.exiting = true;
    app->worker.exit_kind = kind;
    app->worker.exit_status = status;
}

void app_announce_phase(struct app *app, uint32_t phase) {
    // What is run after a failure, sys.atexit()'s function, says nothing of where it was.
    if (phase != APP_ENTER_PHASE_FAILED && !app->worker.failed) {
        app->worker.ran = phase;
    }
    app->worker.failed = app->worker.failed || phase == APP_ENTER_PHASE_FAILED;
    app->worker.phase = phase;
}

void app_announce_heap(struct app *app, uint64_t size, uint64_t used) {
    // Its own word, which may be nonsense: no more is used than there is.
    app->heap.size = size;
    app->heap.used = used < size ? used : size;
    app->heap.taken_usec = loop_now_usec();
    usage_tell(app);
}

int app_announce_ready(struct app *app) {
    app->worker.ready_usec = loop_now_usec();
    return health_ready(app);
}

int app_announce_heartbeat(struct app *app) {
    app->worker.heartbeat_usec = loop_now_usec();
    return health_heartbeat(app);
}

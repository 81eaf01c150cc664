// SPDX-License-Identifier: MIT
#include "daemon/crash/crash-json.h"

#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "call/calls.h"
#include "daemon/app/app.h"
#include "daemon/crash/crash.h"
#include "daemon/loop/loop.h"
#include "daemon/record/trace.h"
#include "image/build.h"

#define REPORT_FORMAT 1
#define CALL_TEXT_SIZE 256u
#define NSEC_PER_USEC 1000

// An object being made. Once something had no room, the rest is for nothing.
struct maker {
    struct json_object *object; /* owned */
    bool failed;
};

static void maker_done(struct maker *maker) {
    (void)json_object_put(maker->object);
}

static struct maker maker_new(void) {
    struct json_object *object = json_object_new_object();

    return (struct maker){.object = object, .failed = object == NULL};
}

// KEY is a constant, used once: json-c then makes no copy of it, which it would lose if it failed.
static int add(struct json_object *object, const char *key, struct json_object *value) {
    return json_object_object_add_ex(object, key, value,
                                     JSON_C_OBJECT_ADD_KEY_IS_NEW | JSON_C_OBJECT_ADD_CONSTANT_KEY);
}

// Hands VALUE over; NULL: there was no memory for it.
static void set(struct maker *maker, const char *key, struct json_object *value) {
    if (maker->failed || !value || add(maker->object, key, value) < 0) {
        maker->failed = true;
        (void)json_object_put(value);
    }
}

static void set_text(struct maker *maker, const char *key, const char *text) {
    set(maker, key, json_object_new_string(text));
}

static void set_number(struct maker *maker, const char *key, int64_t number) {
    set(maker, key, json_object_new_int64(number));
}

static void set_null(struct maker *maker, const char *key) {
    maker->failed = maker->failed || add(maker->object, key, NULL) < 0;
}

static void append(struct maker *maker, struct json_object *list, struct json_object *value) {
    if (maker->failed || !value || json_object_array_add(list, value) < 0) {
        maker->failed = true;
        (void)json_object_put(value);
    }
}

// -- the parts -----------------------------------------------------------------------------------

static void add_image(struct maker *maker, const struct app *app, uint32_t number) {
    set_number(maker, "format", REPORT_FORMAT);
    if (number > 0) {
        set_number(maker, "report", number);
    } else {
        set_null(maker, "report");
    }
    set_text(maker, "app", app->name);
    set_text(maker, "version", app->crashes.origin.version);
    set_text(maker, "image", app->crashes.origin.image);
    set_text(maker, "mpyd", build_text);
}

static void add_times(struct maker *maker, const struct app *app) {
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    set_number(maker, "time_usec", (int64_t)now.tv_sec * 1000000 + now.tv_nsec / NSEC_PER_USEC);
    set_number(maker, "generation", app->worker.generation);
    set_number(maker, "uptime_usec", (int64_t)(loop_now_usec() - app->worker.begun_usec));
}

static void add_end(struct maker *maker, const struct app *app, const struct crash_facts *facts) {
    static const char *const phases[] = {
        [0] = "start",
        [APP_ENTER_PHASE_BOOT] = "boot",
        [APP_ENTER_PHASE_ENTRY] = "entry",
        [APP_ENTER_PHASE_FAILED] = "?",
        [APP_ENTER_PHASE_EXIT] = "exit",
    };
    const struct ending_facts *end = facts->facts;
    const char *name = NULL;
    char signal[16];

    set_text(maker, "kind", ending_name(facts->ending));
    set_text(maker, "text", facts->text);
    set_text(maker, "phase",
             app->worker.ran < sizeof(phases) / sizeof(phases[0]) ? phases[app->worker.ran] : "?");
    if (end->code == CLD_EXITED) {
        set_number(maker, "status", end->status);
        set_null(maker, "signal");
        return;
    }
    name = sigabbrev_np(end->status);
    (void)snprintf(signal, sizeof(signal), "SIG%s", name ? name : "?");
    set_null(maker, "status");
    set_text(maker, "signal", signal);
}

static void add_heap(struct maker *maker, const struct app *app) {
    struct maker heap = {0};

    if (app->heap.taken_usec == 0) {
        set_null(maker, "heap");
        return;
    }
    heap = maker_new();
    set_number(&heap, "size", (int64_t)app->heap.size);
    set_number(&heap, "used", (int64_t)app->heap.used);
    set_number(&heap, "age_usec", (int64_t)(loop_now_usec() - app->heap.taken_usec));
    maker->failed = maker->failed || heap.failed;
    set(maker, "heap", heap.object);
}

static void add_traceback(struct maker *maker, const struct crashes *crashes) {
    struct json_object *lines = json_object_new_array();
    const char *at = crashes->traceback, *end = at + crashes->traceback_size;

    set(maker, "traceback", lines);
    while (!maker->failed && at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));

        append(maker, lines, json_object_new_string_len(at, (int)(newline - at)));
        at = newline + 1;
    }
    set(maker, "traceback_cut", json_object_new_boolean(crashes->traceback_cut));
}

// -- the calls -----------------------------------------------------------------------------------

static struct json_object *make_call(const struct recorder *recorder, size_t i, uint64_t now_nsec) {
    const struct recorded_call *recorded = recorder_at(recorder, i);
    const char *payload = recorder_text_at(recorder, i);
    CLEANUP(maker_done) struct maker call = maker_new();
    int64_t age_nsec = (int64_t)(now_nsec - recorded->started_nsec);
    const char *name = NULL;
    char text[CALL_TEXT_SIZE];

    (void)trace_format(text, sizeof(text), &recorded->submission, recorded->names,
                       recorded->names_size, TRACE_NAMES);
    set_text(&call, "call", payload ? payload : text);
    set_number(&call, "age_usec", age_nsec > 0 ? age_nsec / NSEC_PER_USEC : 0);
    if (recorded->result >= 0) {
        set_number(&call, "result", recorded->result);
    } else {
        set_null(&call, "result");
    }
    if (recorded->result < 0 && recorded->result != RECORDER_OPEN) {
        name = strerrorname_np((int)-recorded->result);
        set_text(&call, "error", name ? name : "?");
    } else {
        set_null(&call, "error");
    }
    return call.failed ? NULL : json_object_get(call.object);
}

static void add_calls(struct maker *maker, const struct app *app) {
    struct json_object *calls = json_object_new_array();
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    set_number(maker, "n_calls", (int64_t)app->recorder.n_calls);
    set(maker, "calls", calls);
    for (size_t i = 0; !maker->failed && i < recorder_count(&app->recorder); i++) {
        append(maker, calls,
               make_call(&app->recorder, i,
                         (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec));
    }
}

int crash_json_make(const struct app *app, const struct crash_facts *facts, uint32_t number,
                    struct json_object **ret_report) {
    CLEANUP(maker_done) struct maker maker = maker_new();

    add_image(&maker, app, number);
    add_times(&maker, app);
    add_end(&maker, app, facts);
    // By which the kernel's audit log tells this worker's denied calls from others'.
    set_number(&maker, "worker_uid", app->crashes.origin.worker_uid);
    add_heap(&maker, app);
    add_traceback(&maker, &app->crashes);
    add_calls(&maker, app);
    if (maker.failed) {
        return -ENOMEM;
    }
    *ret_report = steal_ptr(&maker.object);
    return 0;
}

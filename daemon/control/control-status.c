// SPDX-License-Identifier: MIT

// Status: all that an administrator sees of an app at a glance.

#include <unistd.h>

#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/control/control-usage.h"
#include "daemon/control/limits.h"
#include "daemon/crash/ending.h"
#include "daemon/life/supervise.h"
#include "image/build.h"

static int64_t age_usec(uint64_t since_usec, uint64_t now) {
    return now > since_usec ? (int64_t)(now - since_usec) : 0;
}

// What is said only where there is something to say.
static const char *or_null(const char *text) {
    return text && text[0] != '\0' ? text : NULL;
}

// Known or null.
static void add_known(struct answer *answer, struct json_object *in, const char *key, bool known,
                      int64_t number) {
    if (known) {
        answer_number(answer, in, key, number);
    } else {
        answer_null(answer, in, key);
    }
}

static void add_state(struct answer *answer, const struct supervisor *supervisor, uint64_t now) {
    struct json_object *in = answer->object;

    answer_text(answer, in, "app", supervisor->app.name);
    answer_text(answer, in, "version", supervisor->version);
    answer_text(answer, in, "image", supervisor->image_id);
    answer_text(answer, in, "signer", or_null(supervisor->signer));
    answer_text(answer, in, "state", state_rows[supervisor->state].name);
    answer_number(answer, in, "state_age_usec", age_usec(supervisor->since_usec, now));
    answer_text(answer, in, "reason", or_null(supervisor->reason));
    answer_text(answer, in, "remedy", or_null(supervise_remedy(supervisor)));
    answer_number(answer, in, "uptime_usec", age_usec(supervisor->begun_usec, now));
    answer_number(answer, in, "supervisor_pid", getpid());
    answer_number(answer, in, "spawner_pid", supervisor->spawner.pid);
}

static void add_build(struct answer *answer) {
    struct json_object *in = answer_object(answer, answer->object, "mpyd");

    answer_text(answer, in, "version", build_info.version);
    answer_text(answer, in, "build", build_info.id);
    answer_number(answer, in, "image_abi", build_info.image_abi);
}

static void add_worker(struct answer *answer, const struct supervisor *supervisor, uint64_t now) {
    const struct worker *worker = &supervisor->app.worker;
    struct json_object *in = NULL;

    if (!worker->running) {
        answer_null(answer, answer->object, "worker");
        return;
    }
    in = answer_object(answer, answer->object, "worker");
    answer_number(answer, in, "generation", worker->generation);
    answer_number(answer, in, "uptime_usec", age_usec(worker->begun_usec, now));
    answer_bool(answer, in, "ready", supervisor->health.ready);
    add_known(answer, in, "heartbeat_age_usec", worker->heartbeat_usec > 0,
              age_usec(worker->heartbeat_usec, now));
}

static void add_heap(struct answer *answer, const struct app_heap *heap, uint64_t now) {
    struct json_object *in = NULL;

    if (heap->taken_usec == 0) {
        answer_null(answer, answer->object, "heap");
        return;
    }
    in = answer_object(answer, answer->object, "heap");
    answer_number(answer, in, "size", (int64_t)heap->size);
    answer_number(answer, in, "used", (int64_t)heap->used);
    answer_number(answer, in, "free", (int64_t)(heap->size - heap->used));
    answer_number(answer, in, "age_usec", age_usec(heap->taken_usec, now));
}

static void add_last_end(struct answer *answer, const struct supervise_ending *last, uint64_t now) {
    struct json_object *in = NULL;

    if (last->generation == 0) {
        answer_null(answer, answer->object, "last_end");
        return;
    }
    in = answer_object(answer, answer->object, "last_end");
    answer_text(answer, in, "kind", ending_name(last->ending));
    answer_text(answer, in, "text", last->text);
    answer_bool(answer, in, "failed", ending_is_failure(last->ending));
    answer_number(answer, in, "generation", last->generation);
    answer_number(answer, in, "age_usec", age_usec(last->at_usec, now));
}

static void add_restarts(struct answer *answer, const struct supervisor *supervisor, uint64_t now) {
    const struct supervise_counters *counters = &supervisor->counters;
    uint64_t due_usec = supervisor->since_usec + supervisor->delay_usec;
    struct json_object *in = answer_object(answer, answer->object, "restarts");

    answer_number(answer, in, "total", (int64_t)(counters->restarts + counters->restarts_asked));
    answer_number(answer, in, "recent", supervisor->restart.n_restarts);
    answer_number(answer, in, "burst", (int64_t)supervisor->config.restart_burst);
    answer_number(answer, in, "window_usec", (int64_t)supervisor->config.restart_window_usec);
    answer_number(answer, in, "manual", (int64_t)counters->restarts_asked);
    add_known(answer, in, "next_usec", supervisor->state == STATE_BACKOFF,
              due_usec > now ? (int64_t)(due_usec - now) : 0);
}

static void add_limits(struct answer *answer, const struct supervisor *supervisor) {
    struct json_object *list = answer_list(answer, answer->object, "limits");
    struct limit_row row;

    for (size_t i = 0; limits_get(supervisor, i, &row); i++) {
        struct json_object *in = answer_object(answer, list, NULL);

        answer_text(answer, in, "name", row.name);
        answer_text(answer, in, "unit", row.unit);
        add_known(answer, in, "limit", limits_holds(&row), (int64_t)row.limit);
        add_known(answer, in, "used", row.used != LIMITS_UNKNOWN, row.used);
        add_known(answer, in, "hits", row.hits != LIMITS_UNKNOWN, row.hits);
    }
}

static void add_layers(struct answer *answer, const struct layers *layers) {
    static const char *const processes[] = {"supervisor", "spawner", "worker"};
    static const char *const states[] = {"off", "on", "unavailable"};
    struct json_object *list = answer_list(answer, answer->object, "layers");

    for (size_t i = 0; i < layers->n_reports; i++) {
        const struct layer_report *report = &layers->reports[i];
        struct json_object *in = answer_object(answer, list, NULL);

        answer_text(answer, in, "process", processes[report->process]);
        answer_text(answer, in, "name", report->name);
        answer_text(answer, in, "state", states[report->state]);
        answer_text(answer, in, "detail", report->why);
    }
}

static void add_configuration(struct answer *answer, const struct config *config) {
    struct json_object *list = answer_list(answer, answer->object, "configuration");

    for (size_t i = 0; i < config->n_files; i++) {
        answer_text(answer, list, NULL, config->files[i]);
    }
}

static void reply(void *context) {
    struct connection *connection = context;
    struct supervisor *supervisor = connection_supervisor(connection);
    struct app *app = &supervisor->app;
    uint64_t now = loop_now_usec();
    struct answer answer = answer_new();

    supervise_look(supervisor);
    add_state(&answer, supervisor, now);
    add_build(&answer);
    add_worker(&answer, supervisor, now);
    add_heap(&answer, &app->heap, now);
    add_last_end(&answer, &supervisor->last, now);
    add_restarts(&answer, supervisor, now);
    add_limits(&answer, supervisor);
    add_layers(&answer, &supervisor->layers);
    add_configuration(&answer, &supervisor->config);
    answer_number(&answer, answer.object, "calls", (int64_t)app->counters.calls);
    answer_number(&answer, answer.object, "refusals", (int64_t)app->counters.refusals);
    answer_number(&answer, answer.object, "log_dropped", (int64_t)app->log.n_dropped_ever);
    connection_reply(connection, answer_take(&answer));
}

void control_status(struct connection *connection, struct json_object *parameters) {
    control_usage_reply(connection, reply);
}

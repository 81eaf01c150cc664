// SPDX-License-Identifier: MIT

// Metrics: what is counted and measured of an app, as families of OpenMetrics. Names and units
// follow Prometheus' conventions; a family's samples are all made by one function of the table.

#include <inttypes.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

#include "daemon/control/answer.h"
#include "daemon/control/connection.h"
#include "daemon/control/control-interface.h"
#include "daemon/control/control-trace.h"
#include "daemon/control/control-usage.h"
#include "daemon/control/control.h"
#include "daemon/control/limits.h"
#include "daemon/crash/ending.h"
#include "daemon/life/supervise.h"
#include "image/build.h"
#include "image/manifest.h"

// Where samples go.
struct output {
    struct answer *answer;
    struct json_object *samples;
    struct control *control;
    const struct supervisor *supervisor;
    uint64_t now_usec;
};

// A sample; its labels, by pairs of name and value, end with NULL.
static void add_sample(const struct output *out, const char *suffix, double value,
                       const char *const *labels) {
    struct json_object *in = answer_object(out->answer, out->samples, NULL);
    struct json_object *pairs = NULL;

    answer_text(out->answer, in, "suffix", suffix);
    pairs = answer_object(out->answer, in, "labels");
    for (; labels && labels[0]; labels += 2) {
        answer_text(out->answer, pairs, labels[0], labels[1]);
    }
    answer_real(out->answer, in, "value", value);
}

static void add_plain(const struct output *out, const char *suffix, double value) {
    add_sample(out, suffix, value, NULL);
}

static void add_labelled(const struct output *out, const char *suffix, const char *name,
                         const char *label, double value) {
    const char *const labels[] = {name, label, NULL};

    add_sample(out, suffix, value, labels);
}

// -- calls ---------------------------------------------------------------------------------------

#define GROUP_SIZE 32

static bool get_group(const struct output *out, uint32_t i, char name[GROUP_SIZE],
                      const struct metrics_group **ret_group) {
    uint32_t size = 0;
    const char *text = metrics_group_name(i, &size);

    if (!text) {
        return false;
    }
    (void)snprintf(name, GROUP_SIZE, "%.*s", (int)size, text);
    *ret_group = &out->supervisor->app.records.metrics.groups[i];
    return true;
}

static void add_calls(const struct output *out) {
    const struct metrics_group *group = NULL;
    char name[GROUP_SIZE];

    for (uint32_t i = 0; get_group(out, i, name, &group); i++) {
        add_labelled(out, "_total", "group", name, (double)group->calls);
    }
}

static void add_call_failures(const struct output *out) {
    const struct metrics_group *group = NULL;
    char name[GROUP_SIZE];

    for (uint32_t i = 0; get_group(out, i, name, &group); i++) {
        add_labelled(out, "_total", "group", name, (double)group->failures);
    }
}

// Buckets hold what is in the smaller ones too.
static void add_histogram(const struct output *out, const char *name,
                          const struct metrics_group *group) {
    char le[GROUP_SIZE];
    const char *const labels[] = {"group", name, "le", le, NULL};
    uint64_t n = 0;

    for (uint32_t i = 0; i < METRICS_BUCKETS; i++) {
        n += group->buckets[i];
        if (i < METRICS_BUCKETS - 1) {
            (void)snprintf(le, sizeof(le), "%.6f", (double)metrics_bucket_usec(i) / 1e6);
        } else {
            (void)snprintf(le, sizeof(le), "+Inf");
        }
        add_sample(out, "_bucket", (double)n, labels);
    }
    add_labelled(out, "_count", "group", name, (double)n);
    add_labelled(out, "_sum", "group", name, (double)group->timed_nsec / 1e9);
}

static void add_durations(const struct output *out) {
    const struct metrics_group *group = NULL;
    char name[GROUP_SIZE];

    for (uint32_t i = 0; get_group(out, i, name, &group); i++) {
        add_histogram(out, name, group);
    }
}

static void add_refusals(const struct output *out) {
    add_plain(out, "_total", (double)out->supervisor->app.counters.refusals);
}

static void add_idle_doorbells(const struct output *out) {
    add_plain(out, "_total", (double)out->supervisor->app.counters.doorbells_idle);
}

// -- the app and its workers ---------------------------------------------------------------------

static void add_info(const struct output *out) {
    const struct supervisor *supervisor = out->supervisor;
    const char *const labels[] = {"version",     supervisor->version,
                                  "image",       supervisor->image_id,
                                  "micropython", supervisor->manifest->micropython,
                                  NULL};

    add_sample(out, "_info", 1, labels);
}

static void add_build(const struct output *out) {
    char abi[GROUP_SIZE];
    const char *const labels[] = {"version", build_info.version, "build", build_info.id, "abi", abi,
                                  NULL};

    (void)snprintf(abi, sizeof(abi), "%" PRIu32, build_info.image_abi);
    add_sample(out, "_info", 1, labels);
}

// A state set's label has the name of the family.
static void add_states(const struct output *out) {
    for (int i = 0; i < STATES; i++) {
        add_labelled(out, "", "mpyd_state", state_rows[i].name, i == (int)out->supervisor->state);
    }
}

static void add_workers(const struct output *out) {
    add_plain(out, "_total", (double)out->supervisor->app.counters.workers);
}

static void add_restarts(const struct output *out) {
    const struct supervise_counters *counters = &out->supervisor->counters;

    add_labelled(out, "_total", "cause", "ended", (double)counters->restarts);
    add_labelled(out, "_total", "cause", "asked", (double)counters->restarts_asked);
}

static void add_endings(const struct output *out) {
    for (int i = 0; i < ENDINGS; i++) {
        add_labelled(out, "_total", "kind", ending_name((enum ending)i),
                     (double)out->supervisor->counters.endings[i]);
    }
}

static void add_misses(const struct output *out) {
    static const char *const checks[HEALTH_CHECKS] = {
        [HEALTH_READY] = "ready", [HEALTH_HEARTBEAT] = "heartbeat", [HEALTH_CPU] = "cpu"};

    for (int i = 0; i < HEALTH_CHECKS; i++) {
        add_labelled(out, "_total", "check", checks[i],
                     (double)out->supervisor->health.counters.misses[i]);
    }
}

static void add_heartbeats(const struct output *out) {
    add_plain(out, "_total", (double)out->supervisor->health.counters.heartbeats);
}

// Of the clock that people read, for what happened so long ago.
static double clock_then(uint64_t age_usec) {
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - (double)age_usec / 1e6;
}

static void add_start_time(const struct output *out) {
    add_plain(out, "", clock_then(out->now_usec - out->supervisor->begun_usec));
}

static void add_worker_start_time(const struct output *out) {
    const struct worker *worker = &out->supervisor->app.worker;

    if (worker->running) {
        add_plain(out, "", clock_then(out->now_usec - worker->begun_usec));
    }
}

static void add_heap_size(const struct output *out) {
    if (out->supervisor->app.heap.taken_usec > 0) {
        add_plain(out, "", (double)out->supervisor->app.heap.size);
    }
}

static void add_heap_used(const struct output *out) {
    if (out->supervisor->app.heap.taken_usec > 0) {
        add_plain(out, "", (double)out->supervisor->app.heap.used);
    }
}

static void add_limits(const struct output *out) {
    struct limit_row row;

    for (size_t i = 0; limits_get(out->supervisor, i, &row); i++) {
        if (limits_holds(&row)) {
            add_labelled(out, "", "limit", row.name, (double)row.limit);
        }
    }
}

static void add_limits_used(const struct output *out) {
    struct limit_row row;

    for (size_t i = 0; limits_get(out->supervisor, i, &row); i++) {
        if (row.used != LIMITS_UNKNOWN) {
            add_labelled(out, "", "limit", row.name, (double)row.used);
        }
    }
}

static void add_limit_hits(const struct output *out) {
    struct limit_row row;

    for (size_t i = 0; limits_get(out->supervisor, i, &row); i++) {
        if (row.hits != LIMITS_UNKNOWN) {
            add_labelled(out, "_total", "limit", row.name, (double)row.hits);
        }
    }
}

// -- the supervisor ------------------------------------------------------------------------------

static void add_cpu(const struct output *out) {
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        add_labelled(out, "_total", "mode", "user",
                     (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6);
        add_labelled(out, "_total", "mode", "system",
                     (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6);
    }
}

static void add_worker_cpu(const struct output *out) {
    add_plain(out, "_total", (double)out->supervisor->health.cpu_total_usec / 1e6);
}

static void add_log_dropped(const struct output *out) {
    add_plain(out, "_total", (double)out->supervisor->app.log.n_dropped_ever);
}

static void add_control_calls(const struct output *out) {
    add_plain(out, "_total", (double)control_count(out->control)->calls);
}

static void add_control_refused(const struct output *out) {
    add_plain(out, "_total", (double)control_count(out->control)->refused);
}

static void add_trace_dropped(const struct output *out) {
    add_plain(out, "_total", (double)control_feed(out->control)->n_dropped);
}

// -- the table -----------------------------------------------------------------------------------

#define COUNTER "counter"
#define GAUGE "gauge"
#define SECONDS "seconds"
#define BYTES "bytes"

static const struct family {
    const char *name, *type, *unit, *help;
    void (*add)(const struct output *out);
} families[] = {
    {"mpyd_app", "info", "", "The image that runs.", add_info},
    {"mpyd_build", "info", "", "The mpyd that runs it.", add_build},
    {"mpyd_state", "stateset", "", "What the app is doing.", add_states},
    {"mpyd_start_time_seconds", GAUGE, SECONDS, "When the supervisor started.", add_start_time},
    {"mpyd_worker_start_time_seconds", GAUGE, SECONDS, "When the worker started.",
     add_worker_start_time},
    {"mpyd_workers", COUNTER, "", "Workers started.", add_workers},
    {"mpyd_worker_ends", COUNTER, "", "Workers that ended, by how.", add_endings},
    {"mpyd_restarts", COUNTER, "", "Restarts of the worker: it ended, or somebody asked for it.",
     add_restarts},
    {"mpyd_heartbeats", COUNTER, "", "Signs of life of the app.", add_heartbeats},
    {"mpyd_health_misses", COUNTER, "", "Deadlines that the app missed.", add_misses},
    {"mpyd_heap_size_bytes", GAUGE, BYTES, "The size of the app's heap.", add_heap_size},
    {"mpyd_heap_used_bytes", GAUGE, BYTES, "What of it is used.", add_heap_used},
    {"mpyd_limit", GAUGE, "", "What the app is held to; units are those of mpyctl status.",
     add_limits},
    {"mpyd_limit_used", GAUGE, "", "How much of a limit is used.", add_limits_used},
    {"mpyd_limit_hits", COUNTER, "", "How often the app was held to a limit.", add_limit_hits},
    {"mpyd_calls", COUNTER, "", "Calls of the app that ended.", add_calls},
    {"mpyd_call_failures", COUNTER, "", "Calls of the app that ended in an error.",
     add_call_failures},
    {"mpyd_call_duration_seconds", "histogram", SECONDS,
     "How long calls that had to wait for nothing took to be served; of about one call in 32.",
     add_durations},
    {"mpyd_refusals", COUNTER, "", "Calls that the policy refused.", add_refusals},
    {"mpyd_idle_doorbells", COUNTER, "", "Rings of the worker that announced nothing.",
     add_idle_doorbells},
    {"mpyd_log_dropped", COUNTER, "", "Lines of the app's log beyond its rate.", add_log_dropped},
    {"mpyd_supervisor_cpu_seconds", COUNTER, SECONDS, "Processor time of the supervisor.", add_cpu},
    {"mpyd_worker_cpu_seconds", COUNTER, SECONDS,
     "Processor time of the workers, up to the last look at the one that runs.", add_worker_cpu},
    {"mpyd_control_calls", COUNTER, "", "Calls on the control socket.", add_control_calls},
    {"mpyd_control_refused", COUNTER, "", "Clients of the control socket that were refused.",
     add_control_refused},
    {"mpyd_trace_dropped", COUNTER, "", "Calls that a trace left out: its reader was slow.",
     add_trace_dropped},
};

static void reply(void *context) {
    struct connection *connection = context;
    struct supervisor *supervisor = connection_supervisor(connection);
    struct answer answer = answer_new();
    struct json_object *list = answer_list(&answer, answer.object, "families");
    struct output out = {
        .answer = &answer,
        .control = connection->control,
        .supervisor = supervisor,
        .now_usec = loop_now_usec(),
    };

    supervise_look(supervisor);
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        const struct family *family = &families[i];
        struct json_object *in = answer_object(&answer, list, NULL);

        answer_text(&answer, in, "name", family->name);
        answer_text(&answer, in, "type", family->type);
        answer_text(&answer, in, "unit", family->unit);
        answer_text(&answer, in, "help", family->help);
        out.samples = answer_list(&answer, in, "samples");
        family->add(&out);
    }
    connection_reply(connection, answer_take(&answer));
}

void control_metrics(struct connection *connection, struct json_object *parameters) {
    control_usage_reply(connection, reply);
}

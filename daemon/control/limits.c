// SPDX-License-Identifier: MIT
#include "daemon/control/limits.h"

#include "daemon/dispatch/handle.h"
#include "daemon/life/supervise.h"
#include "daemon/storage/storage.h"
#include "image/manifest.h"

typedef struct limit_row (*limit_function)(const struct supervisor *supervisor);

static struct limit_row get_heap(const struct supervisor *supervisor) {
    const struct app *app = &supervisor->app;
    bool known = app->worker.running && app->heap.size > 0;

    return (struct limit_row){
        .limit = supervisor->manifest->heap_size,
        .used = known ? (int64_t)app->heap.used : LIMITS_UNKNOWN,
        .hits = (int64_t)supervisor->counters.endings[ENDING_HEAP],
    };
}

// Beyond it the app gets a RuntimeError, which the virtual machine tells nobody else of.
static struct limit_row get_stack(const struct supervisor *supervisor) {
    return (struct limit_row){
        .limit = supervisor->manifest->stack_size,
        .used = LIMITS_UNKNOWN,
        .hits = LIMITS_UNKNOWN,
    };
}

static struct limit_row get_handles(const struct supervisor *supervisor) {
    struct limit_row row = {.hits = (int64_t)supervisor->app.counters.handles_refused};
    uint32_t quota = 0;

    row.used = (int64_t)handles_count(supervisor->app.handles, &quota);
    row.limit = quota;
    return row;
}

// In whole units of which every file takes at least one, so this is the limit of their number too.
static struct limit_row get_storage(const struct supervisor *supervisor) {
    const struct storage *storage = supervisor->app.storage;

    if (!storage) {
        return (struct limit_row){.is_nothing = true};
    }
    return (struct limit_row){
        .limit = storage->quota * STORAGE_UNIT,
        .is_nothing = storage->quota == 0,
        .used = (int64_t)(storage->used * STORAGE_UNIT),
        .hits = (int64_t)storage->n_full,
    };
}

static struct limit_row get_log_rate(const struct supervisor *supervisor) {
    const struct app_log *log = &supervisor->app.log;

    return (struct limit_row){
        .limit = log->quota.rate, .used = LIMITS_UNKNOWN, .hits = (int64_t)log->n_dropped_ever};
}

static struct limit_row get_calls(const struct supervisor *supervisor) {
    const struct serve *serve = &supervisor->serve;

    return (struct limit_row){
        .limit = serve->limited ? serve->calls.rate : 0,
        .used = LIMITS_UNKNOWN,
        .hits = (int64_t)supervisor->app.counters.calls_delayed,
    };
}

static struct limit_row get_doorbells(const struct supervisor *supervisor) {
    return (struct limit_row){
        .limit = supervisor->serve.idle_rings.rate,
        .used = LIMITS_UNKNOWN,
        .hits = (int64_t)supervisor->app.counters.doorbells_polled,
    };
}

static struct limit_row get_cpu(const struct supervisor *supervisor) {
    const struct health *health = &supervisor->health;

    return (struct limit_row){
        .limit = health->policy.cpu_percent,
        .used = health->watching ? (int64_t)health->cpu_share : LIMITS_UNKNOWN,
        .hits = (int64_t)health->counters.misses[HEALTH_CPU],
    };
}

static int64_t age_msec(const struct health *health, bool ready) {
    if (!health->watching || health->ready != ready) {
        return LIMITS_UNKNOWN;
    }
    return (int64_t)((loop_now_usec() - health->beat_usec) / 1000);
}

static struct limit_row get_ready(const struct supervisor *supervisor) {
    const struct health *health = &supervisor->health;

    return (struct limit_row){
        .limit = health->policy.ready_usec / 1000,
        .used = age_msec(health, false),
        .hits = (int64_t)health->counters.misses[HEALTH_READY],
    };
}

static struct limit_row get_heartbeat(const struct supervisor *supervisor) {
    const struct health *health = &supervisor->health;
    uint64_t limit_msec = health->policy.heartbeat_usec / 1000;

    return (struct limit_row){
        .limit = limit_msec,
        .used = limit_msec > 0 ? age_msec(health, true) : LIMITS_UNKNOWN,
        .hits = (int64_t)health->counters.misses[HEALTH_HEARTBEAT],
    };
}

static struct limit_row get_restarts(const struct supervisor *supervisor) {
    return (struct limit_row){
        .limit = supervisor->config.restart_burst,
        .used = (int64_t)supervisor->restart.n_restarts,
        .hits = supervisor->gave_up,
    };
}

static const struct {
    const char *name, *unit;
    limit_function get;
} limits[] = {
    {"heap", "bytes", get_heap},
    {"stack", "bytes", get_stack},
    {"handles", "handles", get_handles},
    {"storage", "bytes", get_storage},
    {"log_rate", "lines a second", get_log_rate},
    {"calls", "calls a second", get_calls},
    {"doorbells", "doorbells a second", get_doorbells},
    {"cpu", "percent", get_cpu},
    {"ready", "milliseconds", get_ready},
    {"heartbeat", "milliseconds", get_heartbeat},
    {"restarts", "restarts a window", get_restarts},
};

bool limits_get(const struct supervisor *supervisor, size_t index, struct limit_row *ret_row) {
    if (index >= sizeof(limits) / sizeof(limits[0])) {
        return false;
    }
    *ret_row = limits[index].get(supervisor);
    ret_row->name = limits[index].name;
    ret_row->unit = limits[index].unit;
    return true;
}

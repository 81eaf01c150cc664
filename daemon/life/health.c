// SPDX-License-Identifier: MIT
#include "daemon/life/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/app/app.h"

#define MSEC 1000u
#define LOOK_USEC 100000u /* a share of less time than that says nothing */

static void explain(struct health *health, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void explain(struct health *health, const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(health->why, sizeof(health->why), format, arguments);
    va_end(arguments);
}

static void set_deadline(struct health *health, uint64_t usec) {
    health->due_usec = loop_now_usec() + usec;
    timer_set(health->deadline, usec);
}

static bool is_well(const struct health *health) {
    return !health->missed[HEALTH_READY] && !health->missed[HEALTH_HEARTBEAT] &&
           !health->missed[HEALTH_CPU];
}

// Who is sick has to be restarted before the service manager's own watchdog ends the whole service.
static uint64_t patience(const struct health *health, uint64_t usec) {
    uint64_t most_usec = health->policy.patience_usec;

    return is_well(health) || most_usec == 0 || usec < most_usec ? usec : most_usec;
}

static int miss(struct health *health, enum health_check check) {
    bool again = health->missed[check];

    health->missed[check] = true;
    health->counters.misses[check]++;
    return health->say(health->context, again ? EVENT_HOPELESS : EVENT_SICK);
}

// What CHECK looks at is as it should be.
static int keep(struct health *health, enum health_check check) {
    bool recovers = health->missed[check];

    health->missed[check] = false;
    if (!recovers || !health->ready || !is_well(health)) {
        return 0;
    }
    health->why[0] = '\0';
    return health->say(health->context, EVENT_READY);
}

// -- ready and heartbeat -------------------------------------------------------------------------

static int miss_deadline(struct health *health, uint64_t period_usec) {
    enum health_check check = health->ready ? HEALTH_HEARTBEAT : HEALTH_READY;
    int r = 0;

    explain(health, "%s %" PRIu64 " ms", health->ready ? "no heartbeat for" : "not ready after",
            (loop_now_usec() - health->beat_usec) / MSEC);
    r = miss(health, check);
    if (health->watching) {
        set_deadline(health, patience(health, period_usec));
    }
    return r;
}

static int on_deadline(void *context) {
    struct health *health = context;
    uint64_t period_usec =
        health->ready ? health->policy.heartbeat_usec : health->policy.ready_usec;
    uint64_t now_usec = loop_now_usec();

    if (!health->watching || period_usec == 0) {
        return 0;
    }
    if (now_usec - health->due_usec > period_usec / 2) {
        set_deadline(health, period_usec);
        return 0;
    }
    // The timer was left alone by the heartbeats that came meanwhile.
    if (health->ready && now_usec - health->beat_usec < period_usec) {
        set_deadline(health, health->beat_usec + period_usec - now_usec);
        return 0;
    }
    return miss_deadline(health, period_usec);
}

static int become_ready(struct health *health) {
    if (!health->watching || health->ready) {
        return 0;
    }
    health->ready = true;
    health->missed[HEALTH_READY] = false;
    health->beat_usec = loop_now_usec();
    timer_clear(health->deadline);
    if (health->policy.heartbeat_usec > 0) {
        set_deadline(health, health->policy.heartbeat_usec);
    }
    if (!is_well(health)) {
        return 0;
    }
    health->why[0] = '\0';
    return health->say(health->context, EVENT_READY);
}

int health_called(struct app *app) {
    struct health *health = app->health;

    return health && !health->policy.asks_ready ? become_ready(health) : 0;
}

int health_ready(struct app *app) {
    return app->health ? become_ready(app->health) : 0;
}

int health_heartbeat(struct app *app) {
    struct health *health = app->health;

    if (!health || !health->watching) {
        return 0;
    }
    health->counters.heartbeats++;
    health->beat_usec = loop_now_usec();
    return health->ready ? keep(health, HEALTH_HEARTBEAT) : 0;
}

// -- processor time ------------------------------------------------------------------------------

static void begin_window(struct health *health) {
    if (health->policy.cpu_percent > 0) {
        timer_set(health->cpu_timer, patience(health, health->policy.cpu_window_usec));
    }
}

static int on_window(void *context) {
    struct health *health = context;

    health->window_is_over = true;
    begin_window(health);
    return health->watching ? health->ask_cpu(health->context) : 0;
}

// Returns what was taken since it was last looked at.
static uint64_t take_cpu(struct health *health, uint64_t cpu_usec) {
    uint64_t taken_usec = cpu_usec > health->cpu_usec ? cpu_usec - health->cpu_usec : 0;

    health->cpu_usec += taken_usec;
    health->cpu_total_usec += taken_usec;
    return taken_usec;
}

void health_cpu_end(struct health *health, uint64_t cpu_usec) {
    (void)take_cpu(health, cpu_usec);
}

int health_cpu(struct health *health, uint64_t cpu_usec) {
    const struct health_policy *policy = &health->policy;
    uint64_t now_usec = loop_now_usec();
    uint64_t passed_usec = now_usec - health->cpu_seen_usec;
    bool judge = policy->cpu_percent > 0;
    bool is_due = !judge || health->window_is_over;
    uint64_t least_usec = judge ? patience(health, policy->cpu_window_usec) / 2 : LOOK_USEC;
    int r = 0;

    // Asked for before the end of a window, by who shows it, or told late the last time: nobody is
    // judged by a moment.
    if (!health->watching || !is_due || passed_usec < least_usec) {
        return 0;
    }
    health->window_is_over = false;
    health->cpu_share = (uint32_t)(take_cpu(health, cpu_usec) * 100 / passed_usec);
    health->cpu_seen_usec = now_usec;
    if (!judge || health->cpu_share <= policy->cpu_percent) {
        return keep(health, HEALTH_CPU);
    }
    explain(health, "%" PRIu32 "%% of a processor for %" PRIu64 " ms, %" PRIu32 "%% are allowed",
            health->cpu_share, passed_usec / MSEC, policy->cpu_percent);
    r = miss(health, HEALTH_CPU);
    if (health->watching) {
        begin_window(health);
    }
    return r;
}

// -- its life ------------------------------------------------------------------------------------

int health_init(struct health *health, struct app *app, const struct health_policy *policy,
                int (*say)(void *context, enum state_event event), int (*ask_cpu)(void *context),
                void *context) {
    int r = 0;

    *health = (struct health){
        .app = app, .policy = *policy, .say = say, .ask_cpu = ask_cpu, .context = context};
    r = timer_new(app->loop, on_deadline, health, &health->deadline);
    if (r == 0) {
        r = timer_new(app->loop, on_window, health, &health->cpu_timer);
    }
    if (r == 0) {
        app->health = health;
    }
    return r;
}

void health_done(struct health *health) {
    if (health->app) {
        health->app->health = NULL;
    }
    health->deadline = timer_free(health->deadline);
    health->cpu_timer = timer_free(health->cpu_timer);
}

void health_set_policy(struct health *health, const struct health_policy *policy) {
    health->policy = *policy;
    if (health->watching) {
        begin_window(health);
    }
}

void health_begin(struct health *health) {
    uint64_t now_usec = loop_now_usec();

    health->watching = true;
    health->ready = false;
    memset(health->missed, 0, sizeof(health->missed));
    health->why[0] = '\0';
    health->beat_usec = now_usec;
    health->cpu_usec = 0;
    health->cpu_seen_usec = now_usec;
    health->cpu_share = 0;
    health->window_is_over = false;
    set_deadline(health, health->policy.ready_usec);
    begin_window(health);
}

void health_end(struct health *health) {
    health->watching = false;
    timer_clear(health->deadline);
    timer_clear(health->cpu_timer);
}

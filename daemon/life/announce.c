// SPDX-License-Identifier: MIT
#include "daemon/life/announce.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "daemon/life/supervise.h"
#include "daemon/loop/loop.h"

#define MARGIN_USEC 10000000u /* for what is not counted: a loaded machine, the spawner */
#define STATUS_SIZE 640

// What everybody may read of the reason: every user of the machine can ask the manager for it. What
// an exception says besides its name may be anybody's data; the journal and the control socket have
// it.
static int describe_reason(const struct supervisor *supervisor, char *text, size_t size) {
    const struct supervise_ending *last = &supervisor->last;
    const char *reason = supervisor->reason;
    size_t n = strlen(last->text);

    if (n == 0 || last->n_open >= n || strncmp(reason, last->text, n) != 0) {
        return snprintf(text, size, ": %s", reason);
    }
    return snprintf(text, size, ": %.*s%s", (int)last->n_open, reason, reason + n);
}

// What `systemctl status` shows.
static void describe(const struct supervisor *supervisor, char text[STATUS_SIZE]) {
    const struct state_row *row = &state_rows[supervisor->state];
    int n = snprintf(text, STATUS_SIZE, "%s", row->name);

    if (row->has_worker) {
        n += snprintf(text + n, (size_t)(STATUS_SIZE - n), ", generation %" PRIu32,
                      supervisor->app.worker.generation);
    }
    if (supervisor->reason[0] != '\0') {
        n += describe_reason(supervisor, text + n, (size_t)(STATUS_SIZE - n));
    }
    if (supervise_remedy(supervisor)) {
        (void)snprintf(text + n, (size_t)(STATUS_SIZE - n), " (%s)", supervise_remedy(supervisor));
    }
}

// The manager gives up on who is not ready, or not gone, in its own time; this says how long ours
// may take, at the most, for the step of the moment.
static uint64_t span_usec(const struct supervisor *supervisor) {
    const struct config *config = &supervisor->config;

    switch (supervisor->state) {
    case STATE_STARTING:
    case STATE_DEGRADED:
        return supervisor->told_ready ? 0 : supervisor->health_policy.ready_usec + MARGIN_USEC;
    case STATE_BACKOFF:
        return supervisor->told_ready ? 0 : supervisor->delay_usec + MARGIN_USEC;
    case STATE_STOPPING:
        return config->stop_usec + config->abort_usec + MARGIN_USEC;
    default:
        return 0;
    }
}

void announce_state(struct supervisor *supervisor) {
    const struct state_row *row = &state_rows[supervisor->state];
    uint64_t usec = span_usec(supervisor);
    bool leaves = supervisor->stopping || row->is_over;
    bool is_ready = row->is_up && !supervisor->told_ready && !leaves;
    char text[STATUS_SIZE];
    char extend[64] = "";

    // The manager takes an end in order before READY for a breach of the protocol.
    if (supervisor->state == STATE_ENDED && !supervisor->told_ready) {
        notify_send(&supervisor->notify, "READY=1");
        supervisor->told_ready = true;
    }
    describe(supervisor, text);
    if (usec > 0) {
        (void)snprintf(extend, sizeof(extend), "EXTEND_TIMEOUT_USEC=%" PRIu64 "\n", usec);
    }
    notify_send(&supervisor->notify, "%s%s%sSTATUS=%s", is_ready ? "READY=1\n" : "",
                leaves ? "STOPPING=1\n" : "", extend, text);
    supervisor->told_ready |= is_ready;
    announce_life(supervisor);
}

void announce_life(struct supervisor *supervisor) {
    if (supervisor->notify.watchdog_usec > 0 && state_rows[supervisor->state].feeds) {
        notify_send(&supervisor->notify, "WATCHDOG=1");
    }
}

// One that is not ready yet is not made ready by it.
void announce_reload(struct supervisor *supervisor) {
    if (!supervisor->told_ready) {
        return;
    }
    notify_send(&supervisor->notify, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, loop_now_usec());
}

void announce_reloaded(struct supervisor *supervisor) {
    if (supervisor->told_ready) {
        notify_send(&supervisor->notify, "READY=1");
    }
}

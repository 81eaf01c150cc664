// SPDX-License-Identifier: MIT
#include "daemon/life/state.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

// clang-format off
const struct state_row state_rows[STATES] = {
    /*                    name         up     feeds  worker over   advice */
    [STATE_VERIFYING] = {"verifying",  false, true,  false, false, NULL},
    [STATE_BLANK]     = {"blank",      false, true,  false, false, NULL},
    [STATE_LOCKED]    = {"locked",     false, false, false, true,
                         "give the service the key of its image, then start it"},
    [STATE_CORRUPT]   = {"corrupt",    true,  true,  false, false,
                         "stop the service, put its state directory back from a backup or move it "
                         "away, then start it"},
    [STATE_STARTING]  = {"starting",   false, true,  true,  false, NULL},
    [STATE_RUNNING]   = {"running",    true,  true,  true,  false, NULL},
    [STATE_DEGRADED]  = {"degraded",   false, false, true,  false, NULL},
    [STATE_STOPPING]  = {"stopping",   false, true,  true,  false, NULL},
    [STATE_BACKOFF]   = {"backoff",    false, true,  false, false, NULL},
    [STATE_FAILED]    = {"failed",     false, false, false, true,
                         "the log says why; then start the service again"},
    [STATE_ENDED]     = {"ended",      false, false, false, true,  NULL},
};

static const char *const event_names[STATE_EVENTS] = {
    "absent", "damaged", "locked",  "refused", "confined", "failed", "started", "ready",    "sick",
    "hopeless", "broken", "stop",   "restart", "again",    "anew",   "gave-up", "finished", "retry",
};

// Nothing stands where an event cannot be: a mistake of ours or of the spawner.
#define TO(state) (STATE_##state + 1)

static const uint8_t next[STATES][STATE_EVENTS] = {
    [STATE_VERIFYING] = {
        [EVENT_ABSENT]   = TO(BLANK),
        [EVENT_DAMAGED]  = TO(CORRUPT),
        [EVENT_LOCKED]   = TO(LOCKED),
        [EVENT_REFUSED]  = TO(FAILED),
        [EVENT_CONFINED] = TO(STARTING),
        [EVENT_FAILED]   = TO(FAILED),
        [EVENT_STOP]     = TO(ENDED),
    },
    [STATE_BLANK] = {
        [EVENT_REFUSED]  = TO(FAILED),
        [EVENT_CONFINED] = TO(STARTING),
        [EVENT_FAILED]   = TO(FAILED),
        [EVENT_STOP]     = TO(ENDED),
    },
    [STATE_CORRUPT] = {
        [EVENT_CONFINED] = TO(CORRUPT),
        [EVENT_FAILED]   = TO(FAILED),
        [EVENT_STOP]     = TO(ENDED),
    },
    [STATE_STARTING] = {
        [EVENT_FAILED]   = TO(FAILED),
        [EVENT_STARTED]  = TO(STARTING),
        [EVENT_READY]    = TO(RUNNING),
        [EVENT_SICK]     = TO(DEGRADED),
        [EVENT_BROKEN]   = TO(STOPPING),
        [EVENT_STOP]     = TO(STOPPING),
        [EVENT_RESTART]  = TO(STOPPING),
        [EVENT_AGAIN]    = TO(BACKOFF),
        [EVENT_GAVE_UP]  = TO(FAILED),
        [EVENT_FINISHED] = TO(ENDED),
    },
    [STATE_RUNNING] = {
        [EVENT_STARTED]  = TO(RUNNING), /* told late: its first call was faster */
        [EVENT_SICK]     = TO(DEGRADED),
        [EVENT_BROKEN]   = TO(STOPPING),
        [EVENT_STOP]     = TO(STOPPING),
        [EVENT_RESTART]  = TO(STOPPING),
        [EVENT_AGAIN]    = TO(BACKOFF),
        [EVENT_GAVE_UP]  = TO(FAILED),
        [EVENT_FINISHED] = TO(ENDED),
    },
    [STATE_DEGRADED] = {
        [EVENT_STARTED]  = TO(DEGRADED),
        [EVENT_READY]    = TO(RUNNING),
        [EVENT_SICK]     = TO(DEGRADED), /* another deadline */
        [EVENT_HOPELESS] = TO(STOPPING),
        [EVENT_BROKEN]   = TO(STOPPING),
        [EVENT_STOP]     = TO(STOPPING),
        [EVENT_RESTART]  = TO(STOPPING),
        [EVENT_AGAIN]    = TO(BACKOFF),
        [EVENT_GAVE_UP]  = TO(FAILED),
        [EVENT_FINISHED] = TO(ENDED),
    },
    [STATE_STOPPING] = {
        [EVENT_FAILED]   = TO(FAILED),
        [EVENT_STARTED]  = TO(STOPPING),
        [EVENT_BROKEN]   = TO(STOPPING),
        [EVENT_STOP]     = TO(STOPPING),
        [EVENT_RESTART]  = TO(STOPPING),
        [EVENT_AGAIN]    = TO(BACKOFF),
        [EVENT_ANEW]     = TO(STARTING),
        [EVENT_GAVE_UP]  = TO(FAILED),
        [EVENT_FINISHED] = TO(ENDED),
    },
    [STATE_BACKOFF] = {
        [EVENT_STOP]     = TO(ENDED),
        [EVENT_RESTART]  = TO(STARTING),
        [EVENT_RETRY]    = TO(STARTING),
    },
};
// clang-format on

int state_next(enum state state, enum state_event event) {
    int to = next[state][event];

    return to == 0 ? -EPROTO : to - 1;
}

const char *state_event_name(enum state_event event) {
    return event_names[event];
}

// SPDX-License-Identifier: MIT
#include "daemon/crash/ending.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "call/wire.h"

// What an exit status says, and what must have been announced for it to be believed.
static const struct {
    int32_t status;
    enum ending ending;
    const char *text;
} exits[] = {
    {WIRE_EXIT_EXCEPTION, ENDING_EXCEPTION, "failed: uncaught exception"},
    {WIRE_EXIT_HEAP, ENDING_HEAP, "failed: out of memory in its heap"},
    {WIRE_EXIT_NLR, ENDING_NLR, "failed: the VM has no exception handler left"},
    {WIRE_EXIT_ABORT, ENDING_ABORTED, "was aborted"},
    {WIRE_EXIT_CHANNEL, ENDING_CHANNEL, "failed: its channel could not be used"},
    {WIRE_EXIT_IMAGE, ENDING_IMAGE, "failed: the image is not consistent"},
    {WIRE_EXIT_STOPPED, ENDING_STOPPED, "stopped"},
};
#define N_EXITS (sizeof(exits) / sizeof(exits[0]))

// Before the channel works nothing can be announced.
static bool is_announced(const struct ending_facts *facts) {
    if (!facts->announced) {
        return facts->status == WIRE_EXIT_CHANNEL || facts->status == WIRE_EXIT_IMAGE;
    }
    if (facts->announced_kind == WIRE_EXIT_OK) {
        return (uint32_t)facts->status == facts->announced_status;
    }
    return (uint32_t)facts->status == facts->announced_kind;
}

static enum ending classify_exit(const struct ending_facts *facts) {
    if (!is_announced(facts)) {
        return ENDING_UNANNOUNCED;
    }
    for (size_t i = 0; i < N_EXITS; i++) {
        if (exits[i].status == facts->status) {
            return exits[i].ending;
        }
    }
    return facts->status == WIRE_EXIT_OK ? ENDING_OK : ENDING_STATUS;
}

// What we did comes first: a SIGKILL of ours explains the signal.
enum ending ending_classify(const struct ending_facts *facts) {
    if (facts->broken[0] != '\0') {
        return ENDING_BROKEN;
    }
    if (facts->code == CLD_EXITED) {
        return classify_exit(facts);
    }
    if (facts->killed && facts->status == SIGKILL) {
        return facts->missed ? ENDING_WATCHDOG : ENDING_KILLED;
    }
    return facts->status == SIGSYS ? ENDING_DENIED : ENDING_SIGNAL;
}

const char *ending_name(enum ending ending) {
    static const char *const names[ENDINGS] = {
        [ENDING_OK] = "ok",
        [ENDING_STOPPED] = "stopped",
        [ENDING_STATUS] = "exit",
        [ENDING_EXCEPTION] = "exception",
        [ENDING_HEAP] = "heap",
        [ENDING_NLR] = "nlr",
        [ENDING_ABORTED] = "aborted",
        [ENDING_CHANNEL] = "channel",
        [ENDING_IMAGE] = "image",
        [ENDING_UNANNOUNCED] = "unannounced",
        [ENDING_DENIED] = "denied",
        [ENDING_SIGNAL] = "signal",
        [ENDING_BROKEN] = "protocol",
        [ENDING_KILLED] = "killed",
        [ENDING_WATCHDOG] = "watchdog",
    };

    return names[ending];
}

bool ending_is_failure(enum ending ending) {
    return ending != ENDING_OK && ending != ENDING_STOPPED;
}

bool ending_is_final(enum ending ending) {
    return ending == ENDING_IMAGE || ending == ENDING_CHANNEL;
}

// What the exit status of a worker says, and which exception it was: nobody is to open a report for
// that. Returns what ending_describe() does.
static size_t describe_exit(enum ending ending, const char *raised, char text[ENDING_TEXT_SIZE]) {
    bool has_raised = (ending == ENDING_EXCEPTION || ending == ENDING_HEAP) && raised && *raised;
    size_t n_open = 0;

    for (size_t i = 0; i < N_EXITS; i++) {
        if (exits[i].ending == ending) {
            (void)snprintf(text, ENDING_TEXT_SIZE, "%s%s%s", exits[i].text, has_raised ? ": " : "",
                           has_raised ? raised : "");
            n_open = has_raised ? strlen(exits[i].text) + 2 + strcspn(raised, ":") : strlen(text);
        }
    }
    return n_open;
}

size_t ending_describe(enum ending ending, const struct ending_facts *facts,
                       char text[ENDING_TEXT_SIZE]) {
    const char *name = NULL;

    switch (ending) {
    case ENDING_OK:
        (void)snprintf(text, ENDING_TEXT_SIZE, "ended");
        break;
    case ENDING_STATUS:
        (void)snprintf(text, ENDING_TEXT_SIZE, "ended with exit status %d", facts->status);
        break;
    case ENDING_UNANNOUNCED:
        (void)snprintf(text, ENDING_TEXT_SIZE,
                       "crashed: exit status %d, which it had not announced", facts->status);
        break;
    case ENDING_DENIED:
        (void)snprintf(text, ENDING_TEXT_SIZE, "crashed: it made a Linux call it is denied");
        break;
    case ENDING_SIGNAL:
        name = sigabbrev_np(facts->status);
        (void)snprintf(text, ENDING_TEXT_SIZE, "crashed: SIG%s", name ? name : "?");
        break;
    case ENDING_BROKEN:
        (void)snprintf(text, ENDING_TEXT_SIZE, "killed: it broke the protocol: %s", facts->broken);
        break;
    case ENDING_KILLED:
        (void)snprintf(text, ENDING_TEXT_SIZE, "killed: it did not stop in time");
        break;
    case ENDING_WATCHDOG:
        (void)snprintf(text, ENDING_TEXT_SIZE, "killed by the watchdog: %s", facts->missed);
        break;
    default:
        return describe_exit(ending, facts->raised, text);
    }
    return strlen(text);
}

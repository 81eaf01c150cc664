// SPDX-License-Identifier: MIT
#pragma once

// How a worker ended, told from what the kernel says, what the worker announced and what we did.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENDING_TEXT_SIZE 256

enum ending {
    ENDING_OK,          /* ran to its end, or sys.exit(0) */
    ENDING_STOPPED,     /* by the SystemExit of a stop */
    ENDING_STATUS,      /* sys.exit(1 .. 119) */
    ENDING_EXCEPTION,   /* uncaught */
    ENDING_HEAP,        /* MemoryError that nothing caught */
    ENDING_NLR,         /* the VM lost its last handler */
    ENDING_ABORTED,     /* left the VM on WIRE_ABORT */
    ENDING_CHANNEL,     /* could not set up its channel, or found it broken */
    ENDING_IMAGE,       /* found its image to be no good */
    ENDING_UNANNOUNCED, /* exited without saying so, or saying something else */
    ENDING_DENIED,      /* SIGSYS: a Linux call its filter denies */
    ENDING_SIGNAL,      /* any other signal that we did not send */
    ENDING_BROKEN,      /* killed by us: it broke the protocol */
    ENDING_KILLED,      /* killed by us: it did not stop in time */
    ENDING_WATCHDOG,    /* killed by us: it missed a deadline twice (daemon/life/health.h) */
};
#define ENDINGS 15

struct ending_facts {
    int32_t code;            /* CLD_EXITED, CLD_KILLED or CLD_DUMPED of waitid(2) */
    int32_t status;          /* exit status or signal */
    bool announced;          /* channel.exit was called, with: */
    uint32_t announced_kind; /* enum wire_exit */
    uint32_t announced_status;
    const char *broken; /* how it broke the protocol, or "" */
    bool killed;        /* we asked for its SIGKILL ... */
    const char *missed; /* ... because of this deadline; or NULL */
    const char *raised; /* the exception that nothing caught, on one line; NULL or "": not known */
};

enum ending ending_classify(const struct ending_facts *facts);

// One word for it, in reports and metrics.
const char *ending_name(enum ending ending);

// Whether a restart "on-failure" follows it.
bool ending_is_failure(enum ending ending);

// Whether the next worker would end in the same way: there is no point in starting it.
bool ending_is_final(enum ending ending);

// One line for people, without the app's name: "ended with exit status 3". Returns how many bytes
// of it are for everybody to read: an exception's own words, which come last, are not.
size_t ending_describe(enum ending ending, const struct ending_facts *facts,
                       char text[ENDING_TEXT_SIZE]);

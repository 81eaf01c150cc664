// SPDX-License-Identifier: MIT
#pragma once

// Crash reports: what is known of a worker that ended badly, as one JSON object. The newest are
// kept in files, where the app has a state directory, else in memory; each goes to the journal. A
// report has no secrets, and payloads only where the configuration lets it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/crash/crash-files.h"
#include "daemon/crash/ending.h"

#define CRASH_IN_MEMORY 4u
#define CRASH_TRACEBACK_SIZE 8192u /* bytes of text; three quarters at least are the last ones */
#define CRASH_RAISED_SIZE 160u     /* bytes of an exception's first line, NUL included */

struct app;
struct json_object;

// What every report of an app has in common. The caller's.
struct crash_origin {
    const char *version, *image; /* of the image */
    uid_t worker_uid;            /* by which the kernel's audit log knows its workers */
    const uint64_t *payloads;    /* 1: they may be in reports; may change; NULL: 0 */
};

struct crashes {
    struct crash_origin origin;
    struct crash_files files;
    char *newest[CRASH_IN_MEMORY]; /* those that no file has, the newest first; owned */

    char traceback[CRASH_TRACEBACK_SIZE]; /* lines of the worker of the moment */
    size_t traceback_size;
    bool traceback_cut;             /* it had more lines, before these */
    char raised[CRASH_RAISED_SIZE]; /* the first line behind it: which exception; "": none yet */
};

// What supervision knows of the end.
struct crash_facts {
    enum ending ending;
    const struct ending_facts *facts;
    const char *text; /* of ending_describe() */
    bool expected;    /* it was being stopped: no error for the log */
};

// Begins with what STATE_FD, a state directory, has of earlier reports of APP; 0: there is none.
// Takes zeroed crashes; crashes_done() too. A directory that cannot be used is told in the log, and
// done without.
void crashes_init(struct crashes *crashes, const char *app, int state_fd,
                  const struct crash_origin *origin);
void crashes_done(struct crashes *crashes);

// A worker of the next generation is about to start.
void crashes_next_generation(struct crashes *crashes);

// The worker said TEXT of an exception that nothing caught. What it has of APP's secrets is not
// kept.
void crash_hear(struct app *app, const char *text);

// APP's worker ended as FACTS say, and nothing of it was forgotten yet: logs that, with the report,
// and keeps the report.
void crash_report(struct app *app, const struct crash_facts *facts);

// The newest reports, the newest first, at most LAST of them. Returns 0 and an array, the
// caller's to put; or -ENOMEM.
int crash_list(struct app *app, size_t last, struct json_object **ret_reports);

// SPDX-License-Identifier: MIT
#pragma once

// The supervisor, its spawner and the spawner's child up to its exec, traced (ptrace(2)): which
// Linux calls each makes, and the failure of one of them. strace(1) counts calls for each process
// alone and cannot tell the supervisor's from the spawner's; and it keeps tracing the worker.

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

enum tracees_role { TRACEES_SUPERVISOR, TRACEES_SPAWNER, TRACEES_LAUNCH, TRACEES_ROLES };

struct faults;

struct tracees_plan {
    bool list; /* report every call */
    const struct faults *faults;
    bool stops; /* the first signal has the supervisor asked to stop, and sets another deadline */
    /* The call to fail; number -1: none. */
    enum tracees_role role;
    int number;
    unsigned long when;
    const char *object; /* only calls whose object's name holds this count; NULL: all */
    int error;
    bool has_call;
};

// Reads ROLE:NAME:N:ERRNO, ERRNO a number. Returns whether it is of that form.
bool tracees_parse(const char *text, struct tracees_plan *plan);

// Traces PID, a child that has stopped itself or is about to, to the end of all that it starts. A
// signal ends the wait, and all processes with it. Writes into REPORT:
//
//     call ROLE N M NAME ARGUMENTS OBJECT  list: a call that begins, after N allocations of the
//                                          supervisor and M of the spawner
//     failed NAME ARGUMENTS OBJECT         the one that was made to fail
//     exit N, signal N                     how the supervisor ended
//     descriptor N WHAT                    what it had open at its end
//     hang PID                             a process when the time was over
//     left PID                             a process that was still there when the supervisor had
//     gone
void tracees_run(pid_t pid, const struct tracees_plan *plan, FILE *report);

// SPDX-License-Identifier: MIT
#pragma once

// Attempts by a supervisor that has confined itself for good, each in a child of its own.

#define KILLED 1000 /* instead of an errno: by SIGSYS */

// The state directory of who confines itself from now on, or 0.
extern int attempt_state_fd;

// Confines the calling process as a supervisor is, or ends it with status 250.
void attempt_confine(void);

// The errno of FUNCTION, which returns < 0 if it failed, in a confined child; 0: it worked.
int attempt(long (*function)(void));

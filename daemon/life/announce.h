// SPDX-License-Identifier: MIT
#pragma once

// What the service manager and the log are told about the states of the service.

struct supervisor;

// The state has changed, or its reason.
void announce_state(struct supervisor *supervisor);

// Feeds the manager's watchdog if the state says so (state.c).
void announce_life(struct supervisor *supervisor);

// A reload begins; announce_reloaded() ends it.
void announce_reload(struct supervisor *supervisor);
void announce_reloaded(struct supervisor *supervisor);

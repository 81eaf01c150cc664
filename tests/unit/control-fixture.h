// SPDX-License-Identifier: MIT
#pragma once

// A control socket without a machine: clients are socket pairs, who they are is said, time passes
// when it is told to (tests/fuzz/fake-loop.h), and what administrators ask of the supervisor is
// counted.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"
#include "daemon/control/control.h"
#include "daemon/life/supervise.h"

#define FIXTURE_STARTER 1000 /* the user who started the supervisor */
#define FIXTURE_GROUP 990

struct control_fixture {
    struct supervisor supervisor;
    unsigned n_stops, n_restarts;
    int request_return; /* of supervise_request_*() */
};

extern struct control_fixture fixture;

// An app that runs, with a control socket. Return 0; as cmocka has them.
int fixture_setup(void **state);
int fixture_teardown(void **state);

// A client's end of a connection, which does not block: of a user who may or may not. It may have
// been turned away already.
int fixture_connect(uid_t uid, bool allowed);

// Lets what there is to do happen, and time pass before. Returns 0, or the failure of a source.
int fixture_run(uint64_t usec);

// Serves a call of the app: its worker asked for NUMBER, sent SIZE bytes of text at DATA, and got
// ERROR.
void fixture_record(uint32_t number, const char *data, size_t size, int error);

// The state changes.
void fixture_enter(enum state state);

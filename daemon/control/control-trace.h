// SPDX-License-Identifier: MIT
#pragma once

// Who traces the calls of an app. While nobody does, nothing of it is in the way of a call.

#include <stdint.h>

struct trace_client;

struct trace_feed {
    struct trace_client *clients;
    uint64_t n_dropped; /* calls, over all clients that ever were */
};

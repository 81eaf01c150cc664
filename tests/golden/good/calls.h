// SPDX-License-Identifier: MIT
#pragma once

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

#include <stdint.h>

#define CALLS_END 34u // one above the highest number
#define CALLS_VERSION 9u // how many calls there are: grows with the table

enum call_number {
    CALL_LINE_START = 0,
    CALL_LINE_MIX = 1,
    CALL_LINE_NOTHING = 2,
    CALL_FILE_OPEN = 16,
    CALL_FILE_READ = 17,
    CALL_FILE_WRITE = 18,
    CALL_FILE_SEED = 19,
    CALL_PEER_SEND = 32,
    CALL_PEER_RECV = 33,
};

enum line_mix_mode {
    LINE_MIX_MODE_SLOW = 0,
    LINE_MIX_MODE_FAST = 4294967295u,
};

struct call_name {
    uint32_t number;
    uint32_t signature; /* of arguments and result: both sides must have the same */
    const char *name;   /* "group.name" */
};

// The call of that number, or NULL.
const struct call_name *calls_find(uint32_t number);

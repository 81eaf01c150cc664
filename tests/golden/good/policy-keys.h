// SPDX-License-Identifier: MIT
#pragma once

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

enum policy_key {
    POLICY_STORAGE = 0,
    POLICY_CONNECT = 1,
    POLICY_KEYS = 2,
};

// As manifests and configurations write them.
static const char *const policy_key_names[POLICY_KEYS + 1] = {
    [POLICY_STORAGE] = "storage",
    [POLICY_CONNECT] = "connect",
};

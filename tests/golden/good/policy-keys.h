// SPDX-License-Identifier: MIT
#pragma once

// Generated from call/calls.csv by call/gencalls: change the table, not this file.

enum policy_key {
    POLICY_STORAGE = 0,
    POLICY_CONNECT = 1,
    POLICY_KEYS = 2,
};

// As manifests and configurations write them.
#define POLICY_NAME_STORAGE "storage"
#define POLICY_NAME_CONNECT "connect"

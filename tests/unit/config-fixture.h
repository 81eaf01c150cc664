// SPDX-License-Identifier: MIT
#pragma once

// Configurations of one file, "a.conf", made of text.

#include "daemon/config/config.h"

// Reads SIZE bytes at TEXT, and checks them as all files. Returns as config_check(), and *config,
// which config_done() frees.
int config_fixture_read_bytes(struct config *config, const char *text, size_t size,
                              char why[CONFIG_WHY_SIZE]);

// The same of TEXT up to its NUL.
int config_fixture_read(struct config *config, const char *text, char why[CONFIG_WHY_SIZE]);

// TEXT is refused with MESSAGE.
void config_fixture_refuses(const char *text, const char *message);

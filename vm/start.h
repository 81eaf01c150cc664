// SPDX-License-Identifier: MIT
#pragma once

// From exec to the first call: maps what the supervisor shares, gives up the descriptors of it,
// makes relocated data read-only and installs the second filter.

// Ends the worker with WIRE_EXIT_CHANNEL or WIRE_EXIT_IMAGE if anything of it fails.
void start_worker(void);

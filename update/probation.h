// SPDX-License-Identifier: MIT
#pragma once

#include <stdint.h>

#define PROBATION_MAX_USEC (24ull * 3600 * 1000000)

// How long a trial of APP has to do well: [update] probation of its configuration, as mpyd(8) reads
// it, or 30s if that cannot be told, having logged so.
uint64_t probation_configured(const char *app);

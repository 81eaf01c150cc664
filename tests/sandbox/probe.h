// SPDX-License-Identifier: MIT
#pragma once

// What a test tells the probe image, in the kernel page behind what mpyd puts there, and what the
// probe tells back, in the channel's arena.

#include <stdint.h>

#include "call/wire.h"

#define PROBE_COMMAND_OFFSET 2048u
#define PROBE_ANSWER_OFFSET WIRE_ARENA_OFFSET

enum probe_flags {
    PROBE_FILTER_2 = 1,  /* installs filter 2 first */
    PROBE_INT_80 = 2,    /* enters by int 0x80 */
    PROBE_WAIT = 4,      /* reads its eventfd when done, and ends only then */
    PROBE_NO_CALL = 8,   /* makes no call at all */
    PROBE_KEEP_OPEN = 16 /* leaves descriptors 2 and 3 open */
};

#define PROBE_BUFFER 0x6275666665720000ull /* an argument that becomes the address of a buffer */

struct probe_command {
    uint64_t flags;
    uint64_t number;
    uint64_t arguments[6];
};

enum probe_stage {
    PROBE_STARTED = 1,  /* channel and kernel page mapped, filters in force */
    PROBE_RETURNED = 2, /* the call came back */
};

struct probe_answer {
    uint64_t stage; /* enum probe_stage */
    int64_t result;
};

_Static_assert(PROBE_COMMAND_OFFSET >= sizeof(struct wire_kernel_page), "behind the page's own");

// SPDX-License-Identifier: MIT
#pragma once

// What of the VM's heap is in use.

#include <stddef.h>
#include <stdint.h>

struct heap_usage {
    size_t size; /* bytes there are for objects */
    size_t used; /* of these, garbage that was not collected yet included */
};

// Looks at as much of the heap as was ever in use since the last collection.
struct heap_usage heap_usage(void);

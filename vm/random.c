// SPDX-License-Identifier: MIT
#include "vm/random.h"

#include <errno.h>
#include <stdint.h>

#include "py/mphal.h"

#include "call/calls.h"
#include "call/proxies.h"
#include "vm/error.h"

#define CHUNK 4096u /* most bytes of one call */

void random_fill(void *data, size_t size) {
    uint8_t *next = data;

    while (size > 0) {
        int64_t r = call_random_bytes(next, size < CHUNK ? size : CHUNK);

        if (r <= 0) {
            mpyd_raise_call_error(CALL_RANDOM_BYTES, r < 0 ? (int)-r : EIO);
        }
        next += r;
        size -= (size_t)r;
    }
}

uint32_t random_seed(void) {
    uint32_t seed = 0;

    random_fill(&seed, sizeof(seed));
    return seed;
}

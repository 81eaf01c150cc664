// SPDX-License-Identifier: MIT
#include "vm/heap.h"

#include "py/gc.h"
#include "py/mpstate.h"

#define BLOCKS_PER_BYTE 4u /* of the allocation table: two bits for each, 0 for a free one */

// Upstream's gc_info() goes through the whole table, and so touches it for the whole heap.
struct heap_usage heap_usage(void) {
    const mp_state_mem_area_t *area = &MP_STATE_MEM(area);
    size_t n_bytes = area->gc_last_used_block / BLOCKS_PER_BYTE + 1;
    size_t n_used = 0;

    for (size_t i = 0; i < n_bytes && i < area->gc_alloc_table_byte_len; i++) {
        unsigned blocks = area->gc_alloc_table_start[i];

        n_used += (size_t)__builtin_popcount((blocks | blocks >> 1) & 0x55);
    }
    return (struct heap_usage){
        .size = (size_t)(area->gc_pool_end - area->gc_pool_start),
        .used = n_used * MICROPY_BYTES_PER_GC_BLOCK,
    };
}

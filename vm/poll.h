// SPDX-License-Identifier: MIT
#pragma once

// Included in front of extmod/modselect.c, by vm/Makefile. Upstream enters an object into its table
// of what is polled before it knows that it can be, and the next poll() crashes on the empty entry.

#include "py/mpconfig.h"

#include "py/obj.h"

// The key of OBJECT in the table. Raises OSError unless it is a stream.
mp_obj_t poll_key(mp_obj_t object);

// mp_map_lookup(); what it adds leaves room on the heap for what upstream puts there, or it raises
// MemoryError and adds nothing.
mp_map_elem_t *poll_entry(mp_map_t *table, mp_obj_t key, mp_map_lookup_kind_t kind);

#define mp_obj_id poll_key
#define mp_map_lookup poll_entry

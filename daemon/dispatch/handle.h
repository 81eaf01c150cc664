// SPDX-License-Identifier: MIT
#pragma once

// The handles of an app: what its worker knows by number. A number is index | serial << 10, never
// 0. The serial of a slot changes with every use and outlives the worker, so that a number which
// was released, or belonged to an earlier worker, names nothing. Slots are reused in the order of
// their release: a number comes back after some four million uses of its slot.

#include <stdint.h>

#include "daemon/handler.h"

#define HANDLE_INDEX_BITS 10
#define HANDLE_SERIAL_BITS 22

struct handle_table;

// Makes a table without handles and with a quota of 0. Returns 0 or -errno.
int handles_new(struct app *app, struct handle_table **ret_table);
struct handle_table *handles_free(struct handle_table *table);

// How many handles the app may hold, at most WIRE_HANDLES.
void handles_set_quota(struct handle_table *table, uint32_t quota);

// How many handles the app holds, and may.
uint32_t handles_count(const struct handle_table *table, uint32_t *ret_quota);

// Closes every handle: the worker is dead.
void handles_reap(struct handle_table *table);

// The handle a worker means by the argument NUMBER, or NULL if it has none of that number and KIND.
struct handle *handle_find(struct app *app, uint64_t number, uint32_t kind);

// SPDX-License-Identifier: MIT
#pragma once

// How much goes through the channel with one call, of a socket, a file or a device.

#include <stddef.h>

#include "call/caller.h"

#define TRANSFER_MAX 65536u /* bytes; data of call/calls.csv */
#define TRANSFER_ARENA_RESERVE                                                                     \
    4096u /* left to the other arguments of a call, and to other calls                             \
           */

// What fits of SIZE bytes into one call beside what else is in the arena.
static inline size_t transfer_size(size_t size) {
    size_t room = caller.arena_size - TRANSFER_ARENA_RESERVE;

    room = room < TRANSFER_MAX ? room : TRANSFER_MAX;
    return size < room ? size : room;
}

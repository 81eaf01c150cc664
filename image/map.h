// SPDX-License-Identifier: MIT
#pragma once

// The memory of a worker: the regions that an image asks for, and the limits that follow from them.
// The one place where these are added up, for the supervisor, which sets the limits, and for
// mpyctl, which shows them.

#include <stddef.h>
#include <stdint.h>

#include "call/note.h"
#include "image/elf.h"
#include "image/layout.h"

struct image;

#define MAP_NAME_SIZE 12
#define MAP_REGIONS_MAX (ELF_SEGMENTS_MAX + NOTE_REGIONS_MAX + 16u)

struct map {
    struct layout_region regions[MAP_REGIONS_MAX]; /* outer ones first */
    size_t n_regions;
    char names[ELF_SEGMENTS_MAX][MAP_NAME_SIZE]; /* of segments */
};

// The regions of IMAGE, whose elf, regions and manifest have been read. *ret_map refers to itself
// and to IMAGE: it stays where it is.
void map_image(const struct image *image, struct map *ret_map);

// Bytes of C stack (RLIMIT_STACK) and of address space (RLIMIT_AS) that its worker may have.
uint64_t map_stack_limit(const struct image *image);
uint64_t map_memory_limit(const struct image *image);

// SPDX-License-Identifier: MIT
#include "image/map.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "call/wire.h"
#include "image/image.h"

#define SLACK_STACK (256u << 10) /* of the C runtime and the VM, above what the app may use */
#define SLACK_MEMORY (2u << 20)  /* guard gap, vDSO, page rounding */

uint64_t map_stack_limit(const struct image *image) {
    return image->manifest.stack_size + SLACK_STACK;
}

// Where the image's addresses end; they begin at 0.
static uint64_t image_end(const struct image *image) {
    return image->elf.loads[image->elf.n_loads - 1].range.end;
}

uint64_t map_memory_limit(const struct image *image) {
    return image_end(image) + WIRE_CHANNEL_SIZE(image->manifest.arena_size) +
           WIRE_KERNEL_PAGE_SIZE + map_stack_limit(image) + SLACK_MEMORY;
}

static void add(struct map *map, const char *name, const char *within, uint64_t start,
                uint64_t size) {
    map->regions[map->n_regions++] = (struct layout_region){name, within, start, size};
}

// The linker puts ELF headers, notes and relocations into a segment of their own.
static const char *kind_of(const struct elf_load *load) {
    return load->is_executable      ? "text"
           : load->is_writable      ? "data"
           : load->range.start == 0 ? "headers"
                                    : "rodata";
}

static void add_loads(struct map *map, const struct elf *elf) {
    unsigned n_rodata = 0;

    for (unsigned i = 0; i < elf->n_loads; i++) {
        const struct elf_load *load = &elf->loads[i];
        const char *name = kind_of(load);

        if (name[0] == 'r' && n_rodata++ > 0) {
            (void)snprintf(map->names[i], MAP_NAME_SIZE, "rodata%u", n_rodata);
            name = map->names[i];
        }
        add(map, name, "image", load->range.start, load->range.end - load->range.start);
    }
}

// Those that the image names itself, each within the segment that it begins in; but no heap is
// anywhere but in the data.
static void add_named(struct map *map, const struct image *image, size_t first_load) {
    const struct elf *elf = &image->elf;

    for (size_t i = 0; i < image->n_regions; i++) {
        const struct note_region *region = &image->regions[i];
        bool is_heap = strcmp(region->name, "heap") == 0;
        const char *within = is_heap ? "data" : "image";

        for (unsigned k = 0; k < elf->n_loads && !is_heap; k++) {
            if (region->start >= elf->loads[k].range.start &&
                region->start < elf->loads[k].range.end) {
                within = map->regions[first_load + k].name;
            }
        }
        add(map, region->name, within, region->start, region->size);
    }
}

void map_image(const struct image *image, struct map *ret_map) {
    const struct elf *elf = &image->elf;
    const struct manifest *manifest = &image->manifest;
    size_t first_load;

    ret_map->n_regions = 0;
    add(ret_map, "process", NULL, LAYOUT_ANYWHERE, map_memory_limit(image));
    add(ret_map, "image", "process", 0, image_end(image));
    first_load = ret_map->n_regions;
    add_loads(ret_map, elf);
    add(ret_map, "relro", "data", elf->relro.start, elf->relro.end - elf->relro.start);
    add_named(ret_map, image, first_load);
    add(ret_map, "stack", "process", LAYOUT_ANYWHERE, map_stack_limit(image));
    add(ret_map, "app-stack", "stack", LAYOUT_ANYWHERE, manifest->stack_size);
    add(ret_map, "channel", "process", LAYOUT_ANYWHERE, WIRE_CHANNEL_SIZE(manifest->arena_size));
    add(ret_map, "rings", "channel", LAYOUT_ANYWHERE, WIRE_ARENA_OFFSET);
    add(ret_map, "arena", "channel", LAYOUT_ANYWHERE, manifest->arena_size);
    add(ret_map, "kernel-page", "process", LAYOUT_ANYWHERE, WIRE_KERNEL_PAGE_SIZE);
}

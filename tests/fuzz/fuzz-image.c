// SPDX-License-Identifier: MIT

// The image reader: image/image.c, elf.c, and what they lead to. The first byte of an input says
// what the rest is: a whole file, changes of a good one, or the notes of a good one.

#include <string.h>

#include "call/calls.h"
#include "image/image.h"
#include "image/map.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/image-maker.h"

#define NOTES_MAX 0x600u /* between the program headers and the text */

// Each change is an offset, a length and as many bytes; a length of 0 cuts the file there.
static void change(struct maker *maker, struct input *input) {
    while (input->size > 0) {
        size_t place = input_u16(input), size = input_u8(input);

        if (size == 0 && place < maker->size) {
            maker->size = place;
        }
        if (size <= maker->size && place <= maker->size - size) {
            (void)input_bytes(input, maker->data + place, size);
        }
    }
}

static void replace_notes(struct maker *maker, struct input *input) {
    Elf64_Phdr *notes = &maker->segments[MAKER_NOTE];

    memset(maker->data + MAKER_NOTES, 0, notes->p_filesz);
    notes->p_filesz = input_bytes(input, maker->data + MAKER_NOTES, NOTES_MAX);
    notes->p_memsz = notes->p_filesz;
}

static void check_map(const struct image *image) {
    uint64_t end = image->elf.loads[image->elf.n_loads - 1].range.end;
    struct layout_problem problem;
    struct map map;

    map_image(image, &map);
    REQUIRE(map.n_regions <= MAP_REGIONS_MAX && image->n_regions <= NOTE_REGIONS_MAX);
    REQUIRE(layout_check(map.regions, map.n_regions, &problem, 1) == 0);
    REQUIRE(map_memory_limit(image) > end + map_stack_limit(image));
    for (size_t i = 0; i < image->n_regions; i++) {
        REQUIRE(image->regions[i].start < end && image->regions[i].size <= end);
    }
}

// What the daemon relies on once an image was taken.
static void check_taken(const struct image *image, size_t size) {
    const struct note_user_object *object = &image->object;
    const struct manifest *manifest = &image->manifest;

    REQUIRE(image->fd == -1 && image->size == size);
    REQUIRE(object->heap_size <= object->data_end - object->data_start);
    REQUIRE(object->entry >= object->text_start && object->entry < object->text_end);
    REQUIRE(object->text_end <= object->data_start || object->data_end <= object->text_start);
    REQUIRE(object->arena_size >= WIRE_ARENA_MIN && object->arena_size <= WIRE_ARENA_MAX);
    REQUIRE(object->arena_size % WIRE_PAGE == 0 && object->arena_size == manifest->arena_size);
    REQUIRE(object->n_calls <= CALLS_VERSION);
    for (uint32_t i = 0; i < object->n_calls; i++) {
        REQUIRE(calls_find(image->calls[i].number)->signature == image->calls[i].signature);
    }
    check_map(image);
    REQUIRE(strlen(object->micropython) < sizeof(object->micropython));
    REQUIRE(is_printable_ascii(manifest->name) && is_printable_ascii(manifest->entry));
}

// From memory of exactly that size, so that a byte too much is seen.
static void parse(const uint8_t *data, size_t size) {
    struct image image = {.fd = 7, .size = 7};
    char why[IMAGE_WHY_SIZE];
    int r;

    memset(why, 'x', sizeof(why));
    r = image_parse(data, size, &image, why);
    REQUIRE(r == 0 || r == IMAGE_REFUSED);
    if (r == 0) {
        check_taken(&image, size);
        image_done(&image);
        return;
    }
    REQUIRE(memchr(why, '\0', sizeof(why)) && why[0] != '\0' && is_printable_ascii(why));
    REQUIRE(image.fd == 7 && image.size == 7 && !image.manifest.name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct maker maker;
    struct input input = {data, size};
    uint8_t *copy;

    switch (input_u8(&input) % 3) {
    case 0:
        parse(input.data, input.size);
        return 0;
    case 1:
        maker_init(&maker, MAKER_MANIFEST);
        change(&maker, &input);
        break;
    default:
        maker_init(&maker, MAKER_MANIFEST);
        replace_notes(&maker, &input);
    }
    copy = malloc(maker.size + 1);
    if (copy) {
        memcpy(copy + 1, maker.data, maker.size); // nothing is aligned in a file
        parse(copy + 1, maker.size);
    }
    free(copy);
    return 0;
}

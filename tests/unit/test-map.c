// SPDX-License-Identifier: MIT
// The memory of a worker adds up, from what its image says.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "call/wire.h"
#include "image/image.h"
#include "image/map.h"
#include "tests/unit/image-maker.h"

#define ARENA (256u << 10)
#define STACK (64u << 10)

static void read_image(struct maker *maker, struct image *ret_image) {
    char why[IMAGE_WHY_SIZE] = "";

    if (image_parse(maker->data, maker->size, ret_image, why) != 0) {
        fail_msg("%s", why);
    }
}

static void test_map_has_every_region(void **state) {
    const struct layout_region expected[] = {
        {"image", "process", 0, MAKER_DATA_AT + 0x80 + MAKER_HEAP},
        {"headers", "image", 0, 0x900},
        {"text", "image", MAKER_TEXT_AT, 0x20},
        {"data", "image", MAKER_DATA_AT, 0x80 + MAKER_HEAP},
        {"relro", "data", MAKER_DATA_AT, 0x80},
        {"heap", "data", MAKER_DATA_AT + 0x80, MAKER_HEAP},
        {"resources", "headers", MAKER_RESOURCES_AT, 5},
        {"stack", "process", LAYOUT_ANYWHERE, STACK + (256u << 10)},
        {"app-stack", "stack", LAYOUT_ANYWHERE, STACK},
        {"channel", "process", LAYOUT_ANYWHERE, ARENA + 4 * WIRE_PAGE},
        {"rings", "channel", LAYOUT_ANYWHERE, 4 * WIRE_PAGE},
        {"arena", "channel", LAYOUT_ANYWHERE, ARENA},
        {"kernel-page", "process", LAYOUT_ANYWHERE, WIRE_PAGE},
    };
    struct image image = IMAGE_INIT;
    struct maker maker;
    struct map map;

    maker_init(&maker, MAKER_MANIFEST);
    read_image(&maker, &image);
    map_image(&image, &map);
    assert_string_equal(map.regions[0].name, "process");
    assert_int_equal(map.regions[0].size, map_memory_limit(&image));
    assert_int_equal(map.n_regions, 1 + sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 1; i < map.n_regions; i++) {
        assert_string_equal(map.regions[i].name, expected[i - 1].name);
        assert_string_equal(map.regions[i].within, expected[i - 1].within);
        assert_int_equal(map.regions[i].start, expected[i - 1].start);
        assert_int_equal(map.regions[i].size, expected[i - 1].size);
    }
    image_done(&image);
}

// Whatever a worker has mapped is within what it may map.
static void test_limits_are_enough(void **state) {
    struct image image = IMAGE_INIT;
    struct maker maker;

    maker_init(&maker, MAKER_MANIFEST);
    read_image(&maker, &image);
    assert_true(map_stack_limit(&image) > STACK);
    assert_true(map_memory_limit(&image) > MAKER_DATA_AT + 0x80 + MAKER_HEAP + WIRE_PAGE +
                                               WIRE_CHANNEL_SIZE(ARENA) + map_stack_limit(&image));
    image_done(&image);
}

static void test_segments_to_read_get_names(void **state) {
    const Elf64_Phdr later[] = {{PT_LOAD, PF_R, 0, 0x10000, 0, 0x80, 0x80, 4096},
                                {PT_LOAD, PF_R, 0, 0x20000, 0, 0x80, 0x80, 4096}};
    struct image image = IMAGE_INIT;
    struct maker maker;
    struct map map;

    maker_init(&maker, MAKER_MANIFEST);
    memcpy(maker.segments + MAKER_SEGMENTS, later, sizeof(later));
    maker.header->e_phnum = MAKER_SEGMENTS + 2;
    read_image(&maker, &image);
    map_image(&image, &map);
    assert_string_equal(map.regions[5].name, "rodata");
    assert_string_equal(map.regions[6].name, "rodata2");
    assert_int_equal(map.regions[6].start, 0x20000);
    assert_int_equal(map.regions[1].size, 0x20080);
    image_done(&image);
}

// -- regions that an image names itself ----------------------------------------------------------

#define HEAP_AT (MAKER_DATA_AT + 0x80)

struct spoilt {
    const char *reason;
    size_t i; /* of the region that becomes another */
    struct note_region region;
};

static const struct spoilt spoilt[] = {
    {"layout: entry 1 has no name, \"\"", 1, {"", MAKER_RESOURCES_AT, 5}},
    {"layout: entry 0 has no name, \"HEAP\"", 0, {"HEAP", HEAP_AT, MAKER_HEAP}},
    {"layout: entry 0 has no name, \"sixteen-letters-\"", 0, {"sixteen-letters-", HEAP_AT, 1}},
    {"layout: entry 0 has no name, \"-heap\"", 0, {"-heap", HEAP_AT, MAKER_HEAP}},
    {"layout: heap begins at 0xffffffffffffffff, where nothing is",
     0,
     {"heap", UINT64_MAX, MAKER_HEAP}},
    {"layout: heap has 4096 bytes, the user object says 16384", 0, {"heap", HEAP_AT, 4096}},
    {"layout: text is there twice", 1, {"text", MAKER_RESOURCES_AT, 5}},
    {"layout: relro (0x2000 to 0x2080) and heap (0x2000 to 0x6000) overlap by 128 bytes",
     0,
     {"heap", MAKER_DATA_AT, MAKER_HEAP}},
    {"layout: heap (0x2081 to 0x6081) reaches out of data (0x2000 to 0x6080) by 1 byte",
     0,
     {"heap", HEAP_AT + 1, MAKER_HEAP}},
    {"layout: heap (0 to 0x4000) reaches out of data (0x2000 to 0x6080) by 8 KiB (8192 bytes)",
     0,
     {"heap", 0, MAKER_HEAP}},
    {"layout: resources (0x8f0 to 0x901) reaches out of headers (0 to 0x900) by 1 byte",
     1,
     {"resources", MAKER_RESOURCES_AT, 0x11}},
    {"layout: resources (0x9000 to 0x9001) reaches out of image (0 to 0x6080) by 1 byte",
     1,
     {"resources", 0x9000, 1}},
    {"layout: resources at 0x8f0 has an impossible size, 18446744073709551615",
     1,
     {"resources", MAKER_RESOURCES_AT, UINT64_MAX}},
};

static void expect_refused(const struct maker *maker, const char *reason) {
    struct image image = IMAGE_INIT;
    char why[IMAGE_WHY_SIZE] = "";

    assert_int_equal(image_parse(maker->data, maker->size, &image, why), IMAGE_REFUSED);
    assert_string_equal(why, reason);
}

static void test_spoilt_regions_are_refused(void **state) {
    for (size_t i = 0; i < sizeof(spoilt) / sizeof(spoilt[0]); i++) {
        struct maker maker;

        maker_init(&maker, MAKER_MANIFEST);
        memcpy((uint8_t *)maker.regions + spoilt[i].i * sizeof(struct note_region),
               &spoilt[i].region, sizeof(struct note_region));
        expect_refused(&maker, spoilt[i].reason);
    }
}

static void test_half_a_region_is_refused(void **state) {
    struct maker maker;

    maker_init(&maker, MAKER_MANIFEST);
    maker.layout_note->n_descsz = 2 * sizeof(struct note_region) - 1;
    expect_refused(&maker, "layout: 63 bytes, not up to 8 entries of 32");
}

// The note of the regions that maker_init() made, and what follows it.
static void drop_regions(struct maker *maker) {
    maker->segments[MAKER_NOTE].p_filesz =
        (uint64_t)((uint8_t *)maker->layout_note - maker->data) - MAKER_NOTES;
}

static void test_one_region_too_many_is_refused(void **state) {
    static const struct note_region regions[NOTE_REGIONS_MAX + 1];
    struct maker maker;

    maker_init(&maker, MAKER_MANIFEST);
    drop_regions(&maker);
    (void)maker_note(&maker, NOTE_LAYOUT, regions, sizeof(regions));
    expect_refused(&maker, "layout: 288 bytes, not up to 8 entries of 32");
}

// As images were before there was such a note.
static void test_image_without_regions_is_taken(void **state) {
    struct image image = IMAGE_INIT;
    struct maker maker;

    maker_init(&maker, MAKER_MANIFEST);
    drop_regions(&maker);
    read_image(&maker, &image);
    assert_int_equal(image.n_regions, 0);
    image_done(&image);
}

// -- what made it --------------------------------------------------------------------------------

static void test_tools_are_text(void **state) {
    char text[IMAGE_TOOLS_SIZE];
    struct image image = IMAGE_INIT;
    struct maker maker;

    memset(text, 'x', sizeof(text));
    maker_init(&maker, MAKER_MANIFEST);
    (void)maker_note(&maker, NOTE_TOOLS, text, sizeof(text) - 1);
    read_image(&maker, &image);
    assert_int_equal(strlen(image.tools), sizeof(text) - 1);
    image_done(&image);
    maker_init(&maker, MAKER_MANIFEST);
    (void)maker_note(&maker, NOTE_TOOLS, text, sizeof(text));
    expect_refused(&maker, "tools: 256 bytes, more than 255");
    maker_init(&maker, MAKER_MANIFEST);
    (void)maker_note(&maker, NOTE_TOOLS, "gcc\033[2J", 7);
    expect_refused(&maker, "tools: not printable text");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map_has_every_region),
        cmocka_unit_test(test_limits_are_enough),
        cmocka_unit_test(test_segments_to_read_get_names),
        cmocka_unit_test(test_spoilt_regions_are_refused),
        cmocka_unit_test(test_half_a_region_is_refused),
        cmocka_unit_test(test_one_region_too_many_is_refused),
        cmocka_unit_test(test_image_without_regions_is_taken),
        cmocka_unit_test(test_tools_are_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

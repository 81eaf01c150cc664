// SPDX-License-Identifier: MIT
// Images whose segments are more than one field away from good ones.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "image/elf.h"
#include "image/image.h"
#include "tests/unit/image-maker.h"

#define SECTIONS_AT 0x3000u /* behind a longer table of dynamic entries */

static void expect_refused(const struct maker *maker, const char *reason) {
    struct elf elf = {0};
    char why[IMAGE_WHY_SIZE] = "";

    assert_int_not_equal(elf_parse(maker->data, maker->size, &elf, why, sizeof(why)), 0);
    if (!strstr(why, reason)) {
        fail_msg("\"%s\" does not say \"%s\"", why, reason);
    }
}

// A table of N entries, none of which ends it.
static void make_endless(struct maker *maker, size_t n) {
    Elf64_Phdr *dynamic = NULL, *data = NULL;

    maker_init(maker, MAKER_MANIFEST);
    dynamic = &maker->segments[MAKER_DYNAMIC];
    data = &maker->segments[MAKER_DATA];
    dynamic->p_filesz = dynamic->p_memsz = n * sizeof(Elf64_Dyn);
    data->p_filesz = SECTIONS_AT - MAKER_DATA_AT;
    maker->header->e_shoff = SECTIONS_AT;
    maker->size = SECTIONS_AT + sizeof(Elf64_Shdr);
    for (size_t i = 0; i < n; i++) {
        maker->dynamic[i] = (Elf64_Dyn){.d_tag = DT_FLAGS, .d_un.d_val = DF_BIND_NOW};
    }
}

static void test_dynamic_entries_without_an_end_are_refused(void **state) {
    struct maker maker;

    (void)state;
    make_endless(&maker, 4);
    expect_refused(&maker, "PT_DYNAMIC has no end");
    make_endless(&maker, 129);
    expect_refused(&maker, "PT_DYNAMIC has no end within 128 entries");
}

static void test_protection_of_a_later_segment_is_refused(void **state) {
    const Elf64_Phdr later = {PT_LOAD, PF_R, 0, 0x10000, 0, 0x80, 0x80, 4096};
    const Elf64_Phdr relro = {PT_GNU_RELRO, PF_R, 0, 0x10000, 0, 0x80, 0x80, 1};
    struct maker maker;

    (void)state;
    maker_init(&maker, MAKER_MANIFEST);
    maker.segments[MAKER_RELRO] = relro;
    maker.segments[MAKER_SEGMENTS] = later;
    maker.header->e_phnum = MAKER_SEGMENTS + 1;
    expect_refused(&maker, "PT_GNU_RELRO is outside the writable segment");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dynamic_entries_without_an_end_are_refused),
        cmocka_unit_test(test_protection_of_a_later_segment_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

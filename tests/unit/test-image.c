// SPDX-License-Identifier: MIT
// What is no image, or one that does not fit, is refused, for the right reason, whatever it is.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fd.h"
#include "image/image.h"
#include "image/sealed.h"
#include "tests/unit/image-maker.h"

#define LENGTH(array) (sizeof(array) / sizeof(*(array)))

static bool is_line(const char *why) {
    size_t size = strlen(why);

    for (size_t i = 0; i < size; i++) {
        if (why[i] < ' ' || why[i] > '~') {
            return false;
        }
    }
    return size > 0;
}

// Parses a copy that ends where the image does, so that a checker sees reads beyond it.
static int parse(const struct maker *maker, size_t size, char why[IMAGE_WHY_SIZE]) {
    CLEANUP_FREE uint8_t *copy = malloc(size ? size : 1);
    struct image image = IMAGE_INIT;
    int r;

    assert_non_null(copy);
    memcpy(copy, maker->data, size);
    why[0] = '\0';
    r = image_parse(copy, size, &image, why);
    if (r == 0) {
        image_done(&image);
    } else {
        assert_int_equal(r, IMAGE_REFUSED);
        assert_true(is_line(why));
    }
    return r;
}

static void test_parse_valid_gives_fields(void **state) {
    struct image image = IMAGE_INIT;
    char why[IMAGE_WHY_SIZE] = "";
    struct maker maker;

    (void)state;
    maker_init(&maker, MAKER_MANIFEST);
    assert_int_equal(image_parse(maker.data, maker.size, &image, why), 0);
    assert_int_equal(image.size, maker.size);
    assert_int_equal(image.fd, -1);
    assert_int_equal(image.object.arena_size, 256 << 10);
    assert_int_equal(image.object.entry, MAKER_TEXT_AT + 4);
    assert_string_equal(image.manifest.name, "meterd");
    assert_int_equal(image.manifest.listen.n_items, 1);
    assert_string_equal(image.manifest.listen.items[0], "tcp:127.0.0.1:8080");
    image_done(&image);
    assert_int_equal(image.fd, -1);
    assert_null(image.manifest.name);
}

static void test_parse_truncated_anywhere_is_refused(void **state) {
    char why[IMAGE_WHY_SIZE];
    struct maker maker;

    (void)state;
    maker_init(&maker, MAKER_MANIFEST);
    for (size_t size = 0; size < maker.size; size++) {
        assert_int_equal(parse(&maker, size, why), IMAGE_REFUSED);
        if (size >= SELFMAG) {
            assert_non_null(strstr(why, "truncated: "));
        }
    }
    assert_int_equal(parse(&maker, maker.size, why), 0);
}

static void test_parse_any_bit_flipped_is_survived(void **state) {
    char why[IMAGE_WHY_SIZE];
    struct maker maker;
    size_t n_refused = 0;

    (void)state;
    maker_init(&maker, MAKER_MANIFEST);
    for (size_t bit = 0; bit < 0x900 * 8; bit++) {
        maker.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        n_refused += parse(&maker, maker.size, why) == IMAGE_REFUSED;
        maker.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(n_refused > 3000);
}

// -- one spoilt field at a time ------------------------------------------------------------------

enum place { HEADER, SEGMENT, DYNAMIC, OBJECT_NOTE, MANIFEST_NOTE, CALLS_NOTE, OBJECT, CALLS };

// SIZE bytes become VALUE, OFFSET bytes into a place.
struct patch {
    enum place place;
    size_t offset, size;
    uint64_t value;
};

#define FIELD(place, type, index, field, value)                                                    \
    { place, (index) * sizeof(type) + offsetof(type, field), sizeof(((type *)0)->field), value }
#define IN_HEADER(field, value) FIELD(HEADER, Elf64_Ehdr, 0, field, value)
#define IN_SEGMENT(index, field, value) FIELD(SEGMENT, Elf64_Phdr, MAKER_##index, field, value)
#define IN_DYNAMIC(index, field, value) FIELD(DYNAMIC, Elf64_Dyn, index, field, value)
#define IN_NOTE(note, field, value) FIELD(note, Elf64_Nhdr, 0, field, value)
#define IN_OBJECT(field, value) FIELD(OBJECT, struct note_user_object, 0, field, value)
#define IN_CALL(index, field, value) FIELD(CALLS, struct note_call, index, field, value)

struct spoilt {
    const char *reason;
    struct patch patches[2];
};

static const struct spoilt headers[] = {
    {"not an mpyd image (not an ELF file)", {IN_HEADER(e_ident[0], '#')}},
    {"not a 64-bit little-endian ELF file (class 1", {IN_HEADER(e_ident[EI_CLASS], ELFCLASS32)}},
    {"little-endian ELF file (class 2, data 2", {IN_HEADER(e_ident[EI_DATA], ELFDATA2MSB)}},
    {"another operating system (ELF OS ABI 9)", {IN_HEADER(e_ident[EI_OSABI], ELFOSABI_FREEBSD)}},
    {"not position-independent (ELF type 2", {IN_HEADER(e_type, ET_EXEC)}},
    {"ELF header sizes 64 and 32 are not 64 and 56", {IN_HEADER(e_phentsize, 32)}},
    {"0 program headers", {IN_HEADER(e_phnum, 0)}},
    {"65535 program headers", {IN_HEADER(e_phnum, 0xffff)}},
    {"program headers at byte 18446744073709551607 has an impossible size",
     {IN_HEADER(e_phoff, UINT64_MAX - 8)}},
    {"truncated: the table of section headers ends at byte", {IN_HEADER(e_shoff, 1 << 20)}},
    {"entry 0x2000 is outside the text", {IN_HEADER(e_entry, MAKER_DATA_AT)}},
    {"entry 0x1020 is outside the text", {IN_HEADER(e_entry, MAKER_TEXT_AT + 0x20)}},
};

static const struct spoilt segments[] = {
    {"program interpreter", {IN_SEGMENT(RELRO, p_type, PT_INTERP)}},
    {"of type 0x5, which no image has", {IN_SEGMENT(RELRO, p_type, PT_SHLIB)}},
    {"of type 0x7, which no image has", {IN_SEGMENT(RELRO, p_type, PT_TLS)}},
    {"a second PT_NOTE", {IN_SEGMENT(RELRO, p_type, PT_NOTE)}},
    {"not an mpyd image (no mpyd note)", {IN_SEGMENT(NOTE, p_type, PT_NULL)}},
    {"does not say that its stack is not executable", {IN_SEGMENT(STACK, p_type, PT_NULL)}},
    {"has no PT_GNU_RELRO", {IN_SEGMENT(RELRO, p_type, PT_NULL)}},
    {"has no PT_DYNAMIC", {IN_SEGMENT(DYNAMIC, p_type, PT_NULL)}},
    {"asks for an executable stack", {IN_SEGMENT(STACK, p_flags, PF_R | PF_W | PF_X)}},
    {"segment 1 is writable and executable", {IN_SEGMENT(TEXT, p_flags, PF_R | PF_W | PF_X)}},
    {"2 executable segments, not one", {IN_SEGMENT(RODATA, p_flags, PF_R | PF_X)}},
    {"2 writable segments, not one", {IN_SEGMENT(RODATA, p_flags, PF_R | PF_W)}},
    {"0 executable segments, not one", {IN_SEGMENT(TEXT, p_flags, PF_R)}},
    {"segment 1 has the flags 0x1", {IN_SEGMENT(TEXT, p_flags, PF_X)}},
    {"segment 0 has the flags 0x100004", {IN_SEGMENT(RODATA, p_flags, PF_R | 0x100000)}},
    {"segment 2: 128 bytes in the file, only 16 in memory", {IN_SEGMENT(DATA, p_memsz, 0x10)}},
    {"truncated: segment 2 ends at byte",
     {IN_SEGMENT(DATA, p_filesz, 1 << 20), IN_SEGMENT(DATA, p_memsz, 1 << 20)}},
    {"18446744073709551615 bytes at address 0x2000 are out of range",
     {IN_SEGMENT(DATA, p_memsz, UINT64_MAX)}},
    {"are out of range", {IN_SEGMENT(DATA, p_vaddr, 0xfffffffffffff000)}},
    {"bytes of memory, more than 1073741824", {IN_SEGMENT(DATA, p_memsz, 2ull << 30)}},
    {"segment 2 at 0x2000 overlaps", {IN_SEGMENT(TEXT, p_memsz, 0x1001)}},
    {"segment 2 at 0x1000 overlaps", {IN_SEGMENT(DATA, p_vaddr, MAKER_TEXT_AT)}},
    {"differ within a page", {IN_SEGMENT(DATA, p_vaddr, MAKER_DATA_AT + 8)}},
    {"is aligned to 2097152", {IN_SEGMENT(DATA, p_align, 2 << 20)}},
    {"truncated: segment 2 ends at byte", {IN_SEGMENT(DATA, p_offset, 1ull << 40)}},
    {"not part of what is loaded", {IN_SEGMENT(RELRO, p_memsz, 1 << 20)}},
    {"PT_GNU_RELRO is outside the writable segment",
     {IN_SEGMENT(RELRO, p_vaddr, 0x100), IN_SEGMENT(RELRO, p_offset, 0x100)}},
    {"not part of what is loaded", {IN_SEGMENT(NOTE, p_vaddr, MAKER_NOTES + 4)}},
    {"truncated: segment 4 ends at byte",
     {IN_SEGMENT(NOTE, p_filesz, 1 << 20), IN_SEGMENT(NOTE, p_memsz, 1 << 20)}},
    {"needs a shared library", {IN_DYNAMIC(0, d_tag, DT_NEEDED)}},
    {"relocations in its text", {IN_DYNAMIC(0, d_tag, DT_TEXTREL)}},
    {"relocations in its text", {IN_DYNAMIC(0, d_un.d_val, DF_TEXTREL)}},
    {"PT_DYNAMIC has no end", {IN_DYNAMIC(1, d_tag, DT_DEBUG)}},
};

static const struct spoilt notes[] = {
    {"content of 4294967295 bytes", {IN_NOTE(MANIFEST_NOTE, n_descsz, UINT32_MAX)}},
    {"owner of 4294967293 and", {IN_NOTE(MANIFEST_NOTE, n_namesz, UINT32_MAX - 2)}},
    {"its owner's name does not end", {IN_NOTE(OBJECT_NOTE, n_namesz, 0)}},
    {"its owner's name does not end", {IN_NOTE(OBJECT_NOTE, n_namesz, 4)}},
    {"not an mpyd image (note 0 belongs to \"GNU\")",
     {{OBJECT_NOTE, 12, 4, 'G' | 'N' << 8 | 'U' << 16}}},
    {"note 0 belongs to \"?[2J\"",
     {{OBJECT_NOTE, 12, 4, '\033' | '[' << 8 | '2' << 16 | 'J' << 24}}},
    {"of type 77, which this mpyd does not know", {IN_NOTE(CALLS_NOTE, n_type, 77)}},
    {"note 2 is a second one of type 2", {IN_NOTE(CALLS_NOTE, n_type, NOTE_MANIFEST)}},
    {"the first note is of type 2, not the user object",
     {IN_NOTE(OBJECT_NOTE, n_type, NOTE_MANIFEST)}},
    {"not an mpyd image (no mpyd note)", {IN_SEGMENT(NOTE, p_filesz, 0)}},
    {"stray bytes after the last note", {IN_SEGMENT(NOTE, p_filesz, 20 + 104 + 3)}},
    {"no note with the manifest", {IN_SEGMENT(NOTE, p_filesz, 20 + 104)}},
    {"user object: magic \"MPYDUSR2\"", {IN_OBJECT(magic[7], '2')}},
    {"built in image format 7, this mpyd reads 1", {IN_OBJECT(format, 7)}},
    {"built for wire ABI 2, this mpyd speaks 1", {IN_OBJECT(abi, 2)}},
    {"user object: 101 bytes, not 104", {IN_NOTE(OBJECT_NOTE, n_descsz, 101)}},
    {"user object: machine = 0x28, the ELF headers say 0x", {IN_OBJECT(machine, EM_ARM)}},
    {"user object: entry = 0x1005", {IN_OBJECT(entry, MAKER_TEXT_AT + 5)}},
    {"user object: text_start = 0, the", {IN_OBJECT(text_start, 0)}},
    {"user object: text_end = 0xffffffffffffffff", {IN_OBJECT(text_end, UINT64_MAX)}},
    {"user object: data_start = 0, the", {IN_OBJECT(data_start, 0)}},
    {"user object: data_end = 0x1, the", {IN_OBJECT(data_end, 1)}},
    {"user object: heap_size = 32768, the manifest says 16384", {IN_OBJECT(heap_size, 32768)}},
    {"user object: stack_size = 0", {IN_OBJECT(stack_size, 0)}},
    {"user object: arena_size = 1073741824", {IN_OBJECT(arena_size, 1 << 30)}},
    {"the version of MicroPython does not end", {IN_OBJECT(micropython[15], '1')}},
    {"MicroPython \"2.25.0\", the manifest says \"1.25.0\"", {IN_OBJECT(micropython[0], '2')}},
    {"a heap of 16384 bytes in a writable segment of 128",
     {IN_SEGMENT(DATA, p_memsz, 0x80), IN_OBJECT(data_end, MAKER_DATA_AT + 0x80)}},
    {"calls: 16 bytes, not 4294967295 entries of 8", {IN_OBJECT(n_calls, UINT32_MAX)}},
    {"calls: 16 bytes, not 1 entries", {IN_OBJECT(n_calls, 1)}},
    {"calls: number 0 follows number 0", {IN_CALL(1, number, 0)}},
    {"which this mpyd does not have", {IN_CALL(1, number, CALLS_END)}},
    {"makes call 9, which this mpyd does not have", {IN_CALL(1, number, 9)}},
    {"makes call 16 (log.write) with signature 0x1,", {IN_CALL(1, signature, 1)}},
    {"manifest: byte ", {{MANIFEST_NOTE, 20, 1, '['}}},
};

static void apply(struct maker *maker, const struct patch *patch) {
    void *const places[] = {
        [HEADER] = maker->header,
        [SEGMENT] = maker->segments,
        [DYNAMIC] = maker->dynamic,
        [OBJECT_NOTE] = maker->object_note,
        [MANIFEST_NOTE] = maker->manifest_note,
        [CALLS_NOTE] = maker->calls_note,
        [OBJECT] = maker->object,
        [CALLS] = maker->calls,
    };

    memcpy((uint8_t *)places[patch->place] + patch->offset, &patch->value, patch->size);
}

static void expect_all_refused(const struct spoilt *cases, size_t n_cases) {
    for (size_t i = 0; i < n_cases; i++) {
        char why[IMAGE_WHY_SIZE];
        struct maker maker;

        maker_init(&maker, MAKER_MANIFEST);
        apply(&maker, &cases[i].patches[0]);
        apply(&maker, &cases[i].patches[1]);
        assert_int_equal(parse(&maker, maker.size, why), IMAGE_REFUSED);
        if (!strstr(why, cases[i].reason)) {
            fail_msg("case %zu: \"%s\" does not say \"%s\"", i, why, cases[i].reason);
        }
    }
}

static void test_parse_spoilt_headers_are_refused(void **state) {
    (void)state;
    expect_all_refused(headers, LENGTH(headers));
}

static void test_parse_spoilt_segments_are_refused(void **state) {
    (void)state;
    expect_all_refused(segments, LENGTH(segments));
}

static void test_parse_spoilt_notes_are_refused(void **state) {
    (void)state;
    expect_all_refused(notes, LENGTH(notes));
}

// -- files ---------------------------------------------------------------------------------------

static int new_file(const void *data, size_t size) {
    int fd = fd_new_memory("test", 0, false);

    assert_true(fd >= 0);
    assert_int_equal(fd_write_all(fd, data, size), 0);
    return fd;
}

static void test_load_gives_sealed_copy(void **state) {
    struct image image = IMAGE_INIT;
    char why[IMAGE_WHY_SIZE] = "";
    CLEANUP_FREE uint8_t *copy = malloc(MAKER_SIZE);
    struct maker maker;
    CLEANUP_FD int fd = -1;

    (void)state;
    maker_init(&maker, MAKER_MANIFEST);
    fd = new_file(maker.data, maker.size); /* its position is at the end: that must not matter */
    assert_int_equal(image_load(fd, &image, why), 0);
    assert_int_equal(fcntl(image.fd, F_GET_SEALS) & 0xf,
                     F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
    assert_true(fcntl(image.fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(pwrite(image.fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(image.fd, 0), -1);

    // What becomes of the file changes nothing.
    assert_int_equal(pwrite(fd, "x", 1, 0), 1);
    assert_int_equal(pread(image.fd, copy, maker.size, 0), maker.size);
    assert_memory_equal(copy, maker.data, maker.size);
    image_done(&image);
}

static void expect_refused(int fd, const char *reason) {
    struct image image = IMAGE_INIT;
    char why[IMAGE_WHY_SIZE] = "";

    assert_int_equal(image_load(fd, &image, why), IMAGE_REFUSED);
    assert_non_null(strstr(why, reason));
    assert_int_equal(image.fd, -1);
}

static void test_load_foreign_is_refused(void **state) {
    CLEANUP_FD int empty = new_file("", 0);
    CLEANUP_FD int script = new_file("#!/bin/sh\n", 10);
    CLEANUP_FD int huge = fd_new_memory("test", IMAGE_SIZE_MAX + 1, false);
    CLEANUP_FD int program = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    CLEANUP_FD int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    expect_refused(empty, "the file is empty");
    expect_refused(script, "not an ELF file");
    expect_refused(huge, "larger than 64 MiB");
    expect_refused(program, "program interpreter");
    expect_refused(directory, "not a regular file");
    expect_refused(ends[0], "not a regular file");
    close_fd(ends[0]);
    close_fd(ends[1]);
}

// It is read, and not run.
static void test_load_of_another_machine_is_refused(void **state) {
    static const struct spoilt cases[] = {
        {"built for " MAKER_OTHER_NAME,
         {IN_HEADER(e_machine, MAKER_OTHER), IN_OBJECT(machine, MAKER_OTHER)}},
        {"built for a machine that mpyd does not know (ELF machine 8)",
         {IN_HEADER(e_machine, EM_MIPS), IN_OBJECT(machine, EM_MIPS)}},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        CLEANUP_FD int fd = -1;
        char why[IMAGE_WHY_SIZE];
        struct maker maker;

        maker_init(&maker, MAKER_MANIFEST);
        apply(&maker, &cases[i].patches[0]);
        apply(&maker, &cases[i].patches[1]);
        fd = new_file(maker.data, maker.size);
        expect_refused(fd, cases[i].reason);
        assert_int_equal(parse(&maker, maker.size, why), 0);
    }
}

// What was in an envelope may be larger than any file that is read.
static void test_take_too_large_is_refused(void **state) {
    const uint8_t nothing[1] = {0};
    struct sealed sealed = {.fd = -1, .data = nothing, .size = IMAGE_SIZE_MAX + 1};
    struct image image = IMAGE_INIT;
    char why[IMAGE_WHY_SIZE] = "";

    (void)state;
    assert_int_equal(image_take(&sealed, &image, why), IMAGE_REFUSED);
    assert_string_equal(why, "larger than 64 MiB");
}

static void test_load_bad_descriptor_is_our_failure(void **state) {
    struct image image = IMAGE_INIT;
    char why[IMAGE_WHY_SIZE];

    (void)state;
    assert_int_equal(image_load(-1, &image, why), -EBADF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_valid_gives_fields),
        cmocka_unit_test(test_parse_truncated_anywhere_is_refused),
        cmocka_unit_test(test_parse_any_bit_flipped_is_survived),
        cmocka_unit_test(test_parse_spoilt_headers_are_refused),
        cmocka_unit_test(test_parse_spoilt_segments_are_refused),
        cmocka_unit_test(test_parse_spoilt_notes_are_refused),
        cmocka_unit_test(test_load_gives_sealed_copy),
        cmocka_unit_test(test_load_foreign_is_refused),
        cmocka_unit_test(test_load_of_another_machine_is_refused),
        cmocka_unit_test(test_take_too_large_is_refused),
        cmocka_unit_test(test_load_bad_descriptor_is_our_failure),
    };

    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}

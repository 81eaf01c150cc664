// SPDX-License-Identifier: MIT
#pragma once

// Makes the smallest file that image/image.c takes, in memory, for tests to spoil.

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "call/note.h"
#include "call/wire.h"
#include "calls.h"

#if defined(__aarch64__)
#define MAKER_MACHINE EM_AARCH64
#define MAKER_OTHER EM_X86_64
#define MAKER_OTHER_NAME "x86_64 (ELF machine 62), and this is aarch64"
#else
#define MAKER_MACHINE EM_X86_64
#define MAKER_OTHER EM_AARCH64
#define MAKER_OTHER_NAME "aarch64 (ELF machine 183), and this is x86_64"
#endif

#define MAKER_HEAP (16u << 10)
#define MAKER_MANIFEST                                                                             \
    "{\"format\":1,\"name\":\"meterd\",\"version\":\"1.0.0\",\"entry\":\"main\","                  \
    "\"memory\":{\"heap\":16384,\"stack\":65536,\"arena\":262144},"                                \
    "\"grants\":{\"listen\":[\"tcp:127.0.0.1:8080\"],\"connect\":[]},"                             \
    "\"limits\":{\"handles\":128},\"modules\":[{\"name\":\"main\",\"size\":10}],"                  \
    "\"resources\":[{\"path\":\"index.html\",\"size\":5}],\"micropython\":\"1.25.0\"}"

enum maker_segment {
    MAKER_RODATA,
    MAKER_TEXT,
    MAKER_DATA,
    MAKER_DYNAMIC,
    MAKER_NOTE,
    MAKER_STACK,
    MAKER_RELRO,
    MAKER_SEGMENTS,
};

// Offsets in the file, and addresses.
#define MAKER_NOTES 0x300u
#define MAKER_RESOURCES_AT 0x8f0u
#define MAKER_TEXT_AT 0x1000u
#define MAKER_DATA_AT 0x2000u
#define MAKER_SECTIONS 0x2080u /* one section header, at the end of the file */
#define MAKER_SIZE (MAKER_SECTIONS + sizeof(Elf64_Shdr))

struct maker {
    _Alignas(8) uint8_t data[16384];
    size_t size;
    Elf64_Ehdr *header;
    Elf64_Phdr *segments;
    Elf64_Nhdr *object_note, *manifest_note, *calls_note, *layout_note;
    struct note_user_object *object; /* aligned to 4 only: copy in and out */
    struct note_call *calls;
    struct note_region *regions; /* aligned to 4 only */
    Elf64_Dyn *dynamic;
};

static inline Elf64_Nhdr *maker_note(struct maker *maker, uint32_t type, const void *content,
                                     size_t size) {
    Elf64_Phdr *segment = &maker->segments[MAKER_NOTE];
    uint8_t *place = maker->data + segment->p_offset + segment->p_filesz;
    Elf64_Nhdr header = {sizeof(NOTE_OWNER), (uint32_t)size, type};

    memcpy(place, &header, sizeof(header));
    memcpy(place + sizeof(header), NOTE_OWNER, sizeof(NOTE_OWNER));
    memcpy(place + sizeof(header) + 8, content, size);
    segment->p_filesz += sizeof(header) + 8 + (size + 3) / 4 * 4;
    segment->p_memsz = segment->p_filesz;
    return (Elf64_Nhdr *)place;
}

static inline void *maker_content(Elf64_Nhdr *note) {
    return (uint8_t *)(note + 1) + 8;
}

static inline void maker_headers(struct maker *maker) {
    const Elf64_Phdr segments[MAKER_SEGMENTS] = {
        [MAKER_RODATA] = {PT_LOAD, PF_R, 0, 0, 0, 0x900, 0x900, 4096},
        [MAKER_TEXT] = {PT_LOAD, PF_R | PF_X, MAKER_TEXT_AT, MAKER_TEXT_AT, 0, 0x20, 0x20, 4096},
        [MAKER_DATA] = {PT_LOAD, PF_R | PF_W, MAKER_DATA_AT, MAKER_DATA_AT, 0, 0x80,
                        0x80 + MAKER_HEAP, 4096},
        [MAKER_DYNAMIC] = {PT_DYNAMIC, PF_R | PF_W, MAKER_DATA_AT, MAKER_DATA_AT, 0,
                           2 * sizeof(Elf64_Dyn), 2 * sizeof(Elf64_Dyn), 8},
        [MAKER_NOTE] = {PT_NOTE, PF_R, MAKER_NOTES, MAKER_NOTES, 0, 0, 0, 4},
        [MAKER_STACK] = {PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0, 0, 16},
        [MAKER_RELRO] = {PT_GNU_RELRO, PF_R, MAKER_DATA_AT, MAKER_DATA_AT, 0, 0x80, 0x80, 1},
    };
    const Elf64_Ehdr header = {
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_DYN,
        .e_machine = MAKER_MACHINE,
        .e_version = EV_CURRENT,
        .e_entry = MAKER_TEXT_AT + 4,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_shoff = MAKER_SECTIONS,
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = MAKER_SEGMENTS,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = 1,
    };

    memcpy(maker->data, &header, sizeof(header));
    memcpy(maker->data + sizeof(header), segments, sizeof(segments));
    maker->header = (Elf64_Ehdr *)maker->data;
    maker->segments = (Elf64_Phdr *)(maker->data + sizeof(header));
}

// A valid file with the given text as its manifest.
static inline void maker_init(struct maker *maker, const char *manifest) {
    const struct note_call calls[] = {
        {CALL_CHANNEL_NOP, calls_find(CALL_CHANNEL_NOP)->signature},
        {CALL_LOG_WRITE, calls_find(CALL_LOG_WRITE)->signature},
    };
    const struct note_user_object object = {
        .magic = NOTE_MAGIC,
        .format = NOTE_FORMAT,
        .abi = WIRE_ABI,
        .machine = MAKER_MACHINE,
        .n_calls = sizeof(calls) / sizeof(*calls),
        .entry = MAKER_TEXT_AT + 4,
        .text_start = MAKER_TEXT_AT,
        .text_end = MAKER_TEXT_AT + 0x20,
        .data_start = MAKER_DATA_AT,
        .data_end = MAKER_DATA_AT + 0x80 + MAKER_HEAP,
        .heap_size = MAKER_HEAP,
        .stack_size = 64 << 10,
        .arena_size = 256 << 10,
        .micropython = "1.25.0",
    };

    const struct note_region regions[] = {
        {"heap", MAKER_DATA_AT + 0x80, MAKER_HEAP},
        {"resources", MAKER_RESOURCES_AT, 5},
    };

    *maker = (struct maker){.size = MAKER_SIZE};
    maker_headers(maker);
    maker->object_note = maker_note(maker, NOTE_USER_OBJECT, &object, sizeof(object));
    maker->manifest_note = maker_note(maker, NOTE_MANIFEST, manifest, strlen(manifest));
    maker->calls_note = maker_note(maker, NOTE_CALLS, calls, sizeof(calls));
    maker->layout_note = maker_note(maker, NOTE_LAYOUT, regions, sizeof(regions));
    maker->object = maker_content(maker->object_note);
    maker->calls = maker_content(maker->calls_note);
    maker->regions = maker_content(maker->layout_note);
    maker->dynamic = (Elf64_Dyn *)(maker->data + MAKER_DATA_AT);
    maker->dynamic[0] = (Elf64_Dyn){.d_tag = DT_FLAGS, .d_un.d_val = DF_BIND_NOW};
}

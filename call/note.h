// SPDX-License-Identifier: MIT
#pragma once

// The ELF notes of an image: what it is and what it wants, readable without running any of it.
// Written by frozen/mpyfreeze, read by image/image.c. All of them have the owner NOTE_OWNER and
// stand in one PT_NOTE segment, the user object first.

#include <stddef.h>
#include <stdint.h>

#define NOTE_OWNER "mpyd"

enum note_type {
    NOTE_USER_OBJECT = 1, /* struct note_user_object */
    NOTE_MANIFEST = 2,    /* JSON text, UTF-8, no terminating NUL */
    NOTE_CALLS = 3,       /* array of struct note_call, ascending by number */
    NOTE_LAYOUT = 4,      /* array of struct note_region; older images have none */
    NOTE_TOOLS = 5,       /* text: what compiled and linked the image; older images have none */
};

#define NOTE_MAGIC "MPYDUSR" /* 8 bytes with its NUL */
#define NOTE_FORMAT 1u

// Addresses are virtual addresses of the ELF file, as in its program headers.
struct note_user_object {
    char magic[8];
    uint32_t format;               /* NOTE_FORMAT */
    uint32_t abi;                  /* WIRE_ABI the image was built for */
    uint32_t machine;              /* e_machine of the ELF header */
    uint32_t n_calls;              /* entries of NOTE_CALLS */
    uint64_t entry;                /* e_entry of the ELF header */
    uint64_t text_start, text_end; /* the executable segment */
    uint64_t data_start, data_end; /* the writable segment, .bss included */
    uint64_t heap_size;            /* bytes of the VM's heap, inside the writable segment */
    uint64_t stack_size;           /* bytes of C stack the app may use */
    uint64_t arena_size;           /* bytes; a multiple of WIRE_PAGE */
    char micropython[16];          /* version of the VM, NUL-padded */
};

// A call the image was built to make.
struct note_call {
    uint32_t number;
    uint32_t signature; /* of its arguments and result; the generator computes it */
};

// A part of a segment that is worth a name: "heap", "resources".
#define NOTE_REGION_NAME_SIZE 16
#define NOTE_REGIONS_MAX 8u
struct note_region {
    char name[NOTE_REGION_NAME_SIZE]; /* [a-z][a-z-]*, NUL-padded */
    uint64_t start, size;             /* address and bytes, within one loaded segment */
};

_Static_assert(sizeof(struct note_user_object) == 104, "no padding");
_Static_assert(offsetof(struct note_user_object, entry) == 24, "no padding");
_Static_assert(sizeof(struct note_call) == 8, "no padding");
_Static_assert(sizeof(struct note_region) == 32, "no padding");

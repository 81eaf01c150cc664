// SPDX-License-Identifier: MIT
#pragma once

// The outside of an image: a bounds-checked view of a static position-independent ELF64 file, by
// the rules the kernel loads it by (elf(5), Linux fs/binfmt_elf.c) and stricter. Section headers do
// not count: nothing of them is loaded.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_SEGMENTS_MAX 32u
#define ELF_MEMORY_MAX (1ull << 30) /* bytes of all segments in memory */
#define ELF_MACHINE_SIZE 96

// Bytes of the file, and where they stand in it. Refers to the caller's data.
struct elf_bytes {
    const uint8_t *data;
    uint64_t size;
};

// Addresses of a segment in memory, end excluded.
struct elf_range {
    uint64_t start, end;
};

// A segment that is loaded. All are readable.
struct elf_load {
    struct elf_range range;
    bool is_writable, is_executable;
};

struct elf {
    uint32_t machine;       /* e_machine */
    uint64_t entry;         /* e_entry: within text */
    struct elf_range text;  /* the one executable segment */
    struct elf_range data;  /* the one writable segment, .bss included */
    struct elf_range relro; /* of the data, read-only once the worker has relocated itself */
    struct elf_bytes notes; /* the one PT_NOTE; size 0: there is none */
    struct elf_load loads[ELF_SEGMENTS_MAX]; /* ascending; text and data are among them */
    unsigned n_loads;
};

// Checks the SIZE bytes at DATA, of whatever machine. Returns 0 and *ret_elf, or 1 and the reason
// in the WHY_SIZE bytes at WHY.
int elf_parse(const uint8_t *data, size_t size, struct elf *ret_elf, char *why, size_t why_size);

// Whether it is for another machine than this.
bool elf_is_foreign(const struct elf *elf);

// The name of an e_machine as uname(2) has it; an image's tools say it alike (sdk.json).
const char *elf_machine_name(uint32_t machine);

// Writes the machine it is for, and which this is: "aarch64 (ELF machine 183), and this is x86_64".
void elf_describe_machine(const struct elf *elf, char text[ELF_MACHINE_SIZE]);

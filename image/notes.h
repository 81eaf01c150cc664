// SPDX-License-Identifier: MIT
#pragma once

// The notes of an image (call/note.h), one by one and sorted by what they are. A note is a header
// of three 32-bit words, the owner's name and the content, each padded to 4 bytes: elf(5).

#include <stddef.h>
#include <stdint.h>

#include "image/elf.h"

struct note {
    const char *owner; /* with its NUL */
    uint32_t type;
    struct elf_bytes content;
};

// Takes the next note off *BYTES. Returns 0 and *ret_note; 1 and the reason in the WHY_SIZE bytes
// at WHY; or NOTES_END when none is left.
enum { NOTES_END = 2 };
int notes_next(struct elf_bytes *bytes, struct note *ret_note, char *why, size_t why_size);

// The notes of an image, each at most once; data NULL: it has no such note.
struct notes {
    struct elf_bytes object, manifest, calls;
    struct elf_bytes layout, tools; /* not in every image */
};

// Finds the notes among BYTES: those that every image has, in any order after the user object, and
// none that is unknown here. Returns 0 and *ret_notes, or 1 and the reason.
int notes_find(struct elf_bytes bytes, struct notes *ret_notes, char *why, size_t why_size);

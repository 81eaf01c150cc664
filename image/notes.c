// SPDX-License-Identifier: MIT
#include "image/notes.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#include "call/note.h"
#include "image/why.h"

// Never 0, which analyzers cannot know of a function elsewhere.
#define REFUSE(...) why_refuse(why, why_size, __VA_ARGS__)

// Takes SIZE bytes and the padding after them off *BYTES.
static bool take(struct elf_bytes *bytes, uint64_t size, const uint8_t **ret_data) {
    uint64_t padded = (size + 3) & ~3ull; /* SIZE has 32 bits */

    if (padded > bytes->size) {
        return false;
    }
    *ret_data = bytes->data;
    bytes->data += padded;
    bytes->size -= padded;
    return true;
}

int notes_next(struct elf_bytes *bytes, struct note *ret_note, char *why, size_t why_size) {
    const uint8_t *header_data, *owner, *content;
    Elf64_Nhdr header;

    if (bytes->size == 0) {
        return NOTES_END;
    }
    if (!take(bytes, sizeof(header), &header_data)) {
        return REFUSE("%llu stray bytes after the last note", (unsigned long long)bytes->size);
    }
    memcpy(&header, header_data, sizeof(header));
    if (!take(bytes, header.n_namesz, &owner) || !take(bytes, header.n_descsz, &content)) {
        return REFUSE("note of type %u: owner of %u and content of %u bytes, %llu are left",
                      header.n_type, header.n_namesz, header.n_descsz,
                      (unsigned long long)bytes->size);
    }
    if (header.n_namesz == 0 || owner[header.n_namesz - 1] != '\0') {
        return REFUSE("note of type %u: its owner's name does not end", header.n_type);
    }
    *ret_note = (struct note){
        .owner = (const char *)owner,
        .type = header.n_type,
        .content = {content, header.n_descsz},
    };
    return 0;
}

int notes_find(struct elf_bytes bytes, struct notes *ret_notes, char *why, size_t why_size) {
    struct notes notes = {0};
    struct note note;
    int r;

    for (unsigned n = 0; (r = notes_next(&bytes, &note, why, why_size)) == 0; n++) {
        struct elf_bytes *place = note.type == NOTE_USER_OBJECT ? &notes.object
                                  : note.type == NOTE_MANIFEST  ? &notes.manifest
                                  : note.type == NOTE_CALLS     ? &notes.calls
                                  : note.type == NOTE_LAYOUT    ? &notes.layout
                                  : note.type == NOTE_TOOLS     ? &notes.tools
                                                                : NULL;

        if (strcmp(note.owner, NOTE_OWNER) != 0) {
            return REFUSE("not an mpyd image (note %u belongs to \"%.32s\")", n, note.owner);
        }
        if (!place) {
            return REFUSE("note %u is of type %u, which this mpyd does not know", n, note.type);
        }
        if (place->data) {
            return REFUSE("note %u is a second one of type %u", n, note.type);
        }
        if (n == 0 && note.type != NOTE_USER_OBJECT) {
            return REFUSE("the first note is of type %u, not the user object", note.type);
        }
        *place = note.content;
    }
    if (r != NOTES_END) {
        return r;
    }
    if (!notes.object.data) {
        return REFUSE("not an mpyd image (no mpyd note)");
    }
    if (!notes.manifest.data || !notes.calls.data) {
        return REFUSE("no note with the %s", notes.manifest.data ? "calls" : "manifest");
    }
    *ret_notes = notes;
    return 0;
}

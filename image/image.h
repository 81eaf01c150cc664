// SPDX-License-Identifier: MIT
#pragma once

// The image of an app: an ELF file with notes (call/note.h), read without running any of it.
//
// The bytes are copied into a sealed memfd first (image/sealed.h), and everything is read from
// there.

#include <stddef.h>
#include <stdint.h>

#include "call/calls.h"
#include "call/note.h"
#include "image/elf.h"
#include "image/manifest.h"

struct sealed;

#define IMAGE_SIZE_MAX (64u << 20)
#define IMAGE_TOOLS_SIZE 256
#define IMAGE_ID_SIZE 17   /* 16 digits, NUL included */
#define IMAGE_WHY_SIZE 320 /* bytes of a reason, NUL included */

enum { IMAGE_REFUSED = 1 };

struct image {
    int fd;                 /* sealed memfd holding the image, executable by execveat(2); owned */
    uint64_t size;          /* bytes */
    char id[IMAGE_ID_SIZE]; /* how the BLAKE2b-512 of its bytes begins, as b2sum(1) writes it */
    struct note_user_object object;
    struct note_call calls[CALLS_VERSION]; /* object.n_calls of them */
    struct note_region regions[NOTE_REGIONS_MAX];
    size_t n_regions;
    char tools[IMAGE_TOOLS_SIZE]; /* what made it, in words; "": does not say */
    struct elf elf;               /* without its notes */
    struct manifest manifest;
};

#define IMAGE_INIT                                                                                 \
    { .fd = -1 }

// Copies, seals and checks the image that FD is open on (from its start; FD stays the caller's),
// which has to be for this machine.
// Returns 0 and *ret_image, freed by image_done(); IMAGE_REFUSED with the reason in WHY, one
// printable line that does not name the file; or -errno.
int image_load(int fd, struct image *ret_image, char why[IMAGE_WHY_SIZE]);

// As image_load(), of what was copied already. On success the descriptor is the image's.
int image_take(struct sealed *sealed, struct image *ret_image, char why[IMAGE_WHY_SIZE]);

// The checks alone, of the SIZE bytes at DATA, which nobody else may be able to change, of whatever
// machine: to read what it says. As image_load(), but ret_image->fd is -1 and its id is "".
int image_parse(const uint8_t *data, size_t size, struct image *ret_image,
                char why[IMAGE_WHY_SIZE]);

// Whether IMAGE is for this machine. Returns 0, or IMAGE_REFUSED with the reason in WHY.
int image_check_machine(const struct image *image, char why[IMAGE_WHY_SIZE]);

void image_done(struct image *image);

// SPDX-License-Identifier: MIT
#pragma once

// Who built this, for --version, Status and the metrics: the same words in all programs.

#include <stdint.h>

struct build {
    const char *version;     /* of the source: "0.1.0" */
    const char *id;          /* a package's version, a commit, or "unknown": tools/build-id */
    uint32_t image_abi;      /* of the images that it runs: WIRE_ABI */
    const char *micropython; /* what its mpyfreeze puts into images: "1.25.0" */
};

extern const struct build build_info;

// Version and identity in one: "0.1.0 (0.1.0-1)".
extern const char build_text[];

// Writes "PROGRAM 0.1.0 (0.1.0-1)" and a line each for ABI and MicroPython to TEXT, which is cut
// where it does not fit. Returns TEXT.
#define BUILD_SIZE 256
const char *build_describe(const char *program, char text[BUILD_SIZE]);

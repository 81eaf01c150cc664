// SPDX-License-Identifier: MIT
#pragma once

// What a fuzz target is made of. tests/fuzz/fuzz-NAME.c defines LLVMFuzzerTestOneInput(), which
// libFuzzer calls with inputs it thinks up, and replay.c with those that are kept in corpus/NAME.
// An input that breaks a property ends the program.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A property that must hold whatever the input. Unlike assert() it may not be compiled out, and it
// is about what the tested code promises, not about the target's own mistakes.
#define REQUIRE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

// The rest of an input. Past its end everything is zero.
struct input {
    const uint8_t *data;
    size_t size;
};

uint8_t input_u8(struct input *input);
uint16_t input_u16(struct input *input);
uint32_t input_u32(struct input *input);
uint64_t input_u64(struct input *input);

// One of N values, 0 to N - 1.
uint32_t input_below(struct input *input, uint32_t n);

// Takes up to SIZE bytes; returns how many were left of them.
size_t input_bytes(struct input *input, void *destination, size_t size);

// Takes a text up to the next line break or the end, cut to SIZE - 1 bytes and without NUL inside.
// Returns false once the input is used up.
bool input_line(struct input *input, char *text, size_t size);

// Whether TEXT is well-formed UTF-8 that no terminal obeys: no control character but a tab. Decided
// here by other means than base/utf8.c and daemon/app/app-log.c do.
bool is_harmless(const char *text, size_t size);
bool is_printable_ascii(const char *text);

// How many descriptors this process has open.
unsigned count_descriptors(void);

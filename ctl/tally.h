// SPDX-License-Identifier: MIT
#pragma once

// What calls took, by name: mpyctl trace --summary.

#include <stdbool.h>
#include <stdint.h>

struct tally;

// Freed by tally_free(). Ends the program where there is no memory.
struct tally *tally_new(void);
void tally_free(struct tally **tally);

// A call NAME ended after DURATION_NSEC.
void tally_add(struct tally *tally, const char *name, uint64_t duration_nsec, bool is_failed);

// Prints a table, what took longest first, and a sum.
void tally_print(struct tally *tally);

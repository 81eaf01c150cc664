// SPDX-License-Identifier: MIT
#pragma once

// The process title that ps(1) shows, written over the memory of the command line.

// Remembers where the command line lies; main() calls it first. ARGV itself stays valid until the
// first title_set(), which overwrites the strings: copy what is needed later.
void title_init(int argc, char **argv);

// Sets the title of this process, cut to the room there is. Without title_init() does nothing.
void title_set(const char *format, ...) __attribute__((format(printf, 1, 2)));

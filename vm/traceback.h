// SPDX-License-Identifier: MIT
#pragma once

// Included in front of py/vm.c, by vm/Makefile: tracebacks of an image without line numbers. Where
// upstream asks for the line of an instruction, at OFFSET from its local BYTECODE_START, such an
// image is told where that is in the image. "mpyctl symbolize" makes a line of it again.

#include "py/mpconfig.h"

#include "py/bc.h"

// The line that LINES say of the instruction at OFFSET from START; or, in an image without line
// numbers, a value that traceback.c prints as its address in the image.
size_t traceback_place(const byte *lines, const byte *lines_end, const byte *start, size_t offset);

#define mp_bytecode_get_source_line(lines, lines_end, offset)                                      \
    traceback_place(lines, lines_end, bytecode_start, offset)

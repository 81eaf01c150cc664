// SPDX-License-Identifier: MIT

#include "vm/traceback.h"

#include <stdint.h>

#include "py/obj.h"
#include "py/objexcept.h"
#include "py/runtime.h"

#include "vm/app.h"

#undef mp_bytecode_get_source_line

#define IS_ADDRESS (SIZE_MAX / 2 + 1) /* in the place of a line */
#define ENTRY_SIZE 3                  /* file, line, block */

// Where the image is mapped; the linker's. Addresses relative to it are those of its ELF file, and
// tell nothing about this process.
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

size_t traceback_place(const byte *lines, const byte *lines_end, const byte *start, size_t offset) {
    if (app_image.lines_stripped) {
        return IS_ADDRESS | ((uintptr_t)(start + offset) - (uintptr_t)__ehdr_start);
    }
    return mp_bytecode_get_source_line(lines, lines_end, offset);
}

static void print_entry(const mp_print_t *print, const size_t *entry) {
    qstr block = (qstr)entry[2];

    mp_printf(print, "  File \"%q\", ", (qstr)entry[0]);
    if ((entry[1] & IS_ADDRESS) != 0) {
        mp_printf(print, "offset 0x%x", (unsigned)(entry[1] & ~IS_ADDRESS)); // of 64 MiB at most
    } else {
        mp_printf(print, "line %d", (int)entry[1]);
    }
    if (block != MP_QSTRnull) {
        mp_printf(print, ", in %q", block);
    }
    mp_print_str(print, "\n");
}

// Takes the place of upstream's: prints EXCEPTION with its traceback.
void mp_obj_print_exception(const mp_print_t *print, mp_obj_t exception) {
    size_t size = 0;
    size_t *entries = NULL;

    if (mp_obj_is_exception_instance(exception)) {
        mp_obj_exception_get_traceback(exception, &size, &entries);
    }
    if (size > 0) {
        mp_print_str(print, "Traceback (most recent call last):\n");
    }
    for (; size >= ENTRY_SIZE; size -= ENTRY_SIZE) {
        print_entry(print, entries + size - ENTRY_SIZE);
    }
    mp_obj_print_helper(print, exception, PRINT_EXC);
    mp_print_str(print, "\n");
}

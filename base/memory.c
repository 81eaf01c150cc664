// SPDX-License-Identifier: MIT
#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

// A segment that cannot be written holds the file's bytes and no others: dropping it loses nothing
// but a debugger's breakpoints, which are to be set after it. The first goes last, because it holds
// the table that is read here.
static int drop_object(struct dl_phdr_info *object, size_t size, void *data) {
    uintptr_t page = (uintptr_t)getpagesize();

    for (size_t i = object->dlpi_phnum; i-- > 0;) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t start = object->dlpi_addr + segment->p_vaddr;
        uintptr_t end = start + segment->p_memsz;

        if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W)) {
            start &= ~(page - 1);
            end = (end + page - 1) & ~(page - 1);
            (void)madvise((void *)start, end - start, MADV_DONTNEED);
        }
    }
    return 0;
}

void memory_give_back(void) {
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(drop_object, NULL);
}

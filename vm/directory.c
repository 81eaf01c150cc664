// SPDX-License-Identifier: MIT
#include "vm/storage.h"

#include <string.h>

#include "extmod/vfs.h"
#include "py/runtime.h"

#include "call/calls.h"
#include "call/proxies.h"

// os.ilistdir() in the storage: entries come from the supervisor some at a time.

#define ENTRIES_SIZE 1024u /* at least one entry with the longest name, as the kernel packs it */

typedef struct {
    mp_obj_base_t base;
    mp_fun_1_t iternext;
    mp_fun_1_t finaliser;
    bool is_str;
    uint32_t handle; /* 0: at its end */
    size_t start, end;
    uint8_t entries[ENTRIES_SIZE];
} directory_object_t;

static mp_obj_t directory_end(mp_obj_t self_in) {
    directory_object_t *self = MP_OBJ_TO_PTR(self_in);
    uint32_t handle = self->handle;

    self->handle = 0;
    if (handle != 0) {
        (void)call_file_end(handle);
    }
    return mp_const_none;
}

// Whether there is an entry at the start of what was read.
static bool has_entry(directory_object_t *self) {
    if (self->start == self->end && self->handle != 0) {
        self->start = 0;
        self->end = (size_t)storage_check(
            CALL_FILE_NEXT, call_file_next(self->handle, self->entries, sizeof(self->entries)));
    }
    return self->start < self->end;
}

static mp_obj_t directory_next(mp_obj_t self_in) {
    directory_object_t *self = MP_OBJ_TO_PTR(self_in);
    struct wire_file_entry entry;
    mp_obj_t items[4];
    const uint8_t *name;

    if (!has_entry(self)) {
        directory_end(self_in);
        return MP_OBJ_STOP_ITERATION;
    }
    memcpy(&entry, self->entries + self->start, sizeof(entry));
    name = self->entries + self->start + sizeof(entry);
    self->start += sizeof(entry) + entry.name_size;
    items[0] = self->is_str ? mp_obj_new_str((const char *)name, entry.name_size)
                            : mp_obj_new_bytes(name, entry.name_size);
    items[1] = MP_OBJ_NEW_SMALL_INT(entry.kind == WIRE_DIRECTORY ? MP_S_IFDIR : MP_S_IFREG);
    items[2] = MP_OBJ_NEW_SMALL_INT(0); /* there are no numbers of files here */
    items[3] = mp_obj_new_int_from_ull(entry.size);
    return mp_obj_new_tuple(MP_ARRAY_SIZE(items), items);
}

mp_obj_t storage_list(const char *path, size_t size, bool is_str) {
    directory_object_t *self =
        mp_obj_malloc_with_finaliser(directory_object_t, &mp_type_polymorph_iter_with_finaliser);

    self->iternext = directory_next;
    self->finaliser = directory_end;
    self->is_str = is_str;
    self->handle = 0;
    self->start = self->end = 0;
    self->handle = (uint32_t)storage_check(CALL_FILE_LIST, call_file_list(path, size));
    return MP_OBJ_FROM_PTR(self);
}

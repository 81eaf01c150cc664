// SPDX-License-Identifier: MIT
#include "vm/resources.h"

#include <stdint.h>

#include "extmod/vfs.h"
#include "extmod/vfs_rom.h"
#include "py/objarray.h"
#include "py/runtime.h"

// An empty ROMFS for everything outside /res: paths there do not exist (ENOENT) and are not
// writable (EROFS), where upstream says ENODEV of a path under no mount.
static const uint8_t nothing[] = {0xd2, 0xcd, 0x31, 0x00};

static void mount(const void *romfs, size_t size, qstr path) {
    mp_obj_t memory = mp_obj_new_memoryview('B', size, (void *)(uintptr_t)romfs);
    mp_obj_t args[] = {
        mp_call_function_1(MP_OBJ_FROM_PTR(&mp_type_vfs_rom), memory),
        MP_OBJ_NEW_QSTR(path),
    };

    mp_vfs_mount(MP_ARRAY_SIZE(args), args, (mp_map_t *)&mp_const_empty_map);
}

void resources_mount(const void *resources, size_t size) {
    mount(nothing, sizeof(nothing), MP_QSTR__slash_);
    if (resources != NULL) {
        mount(resources, size, MP_QSTR__slash_res);
    }
}

// The importer asks this of every path outside .frozen. Takes the place of upstream's
// (vm/Makefile), which would find resources.
mp_import_stat_t mp_vfs_import_stat(const char *path) {
    (void)path;
    return MP_IMPORT_STAT_NO_EXIST;
}

// SPDX-License-Identifier: MIT
#include "vm/resources.h"

#include <errno.h>
#include <stdint.h>

#include "extmod/vfs.h"
#include "extmod/vfs_rom.h"
#include "py/objarray.h"
#include "py/runtime.h"

// An empty ROMFS for everything outside /res: paths there do not exist (ENOENT) and are not
// writable (EROFS), where upstream says ENODEV of a path under no mount.
static const uint8_t nothing[] = {0xd2, 0xcd, 0x31, 0x00};

// What would write. Upstream's VfsRom has no such methods, and so os.remove() would be an
// AttributeError to an app that is ready for OSError.
static mp_obj_t refuse(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    (void)args;
    mp_raise_OSError(EROFS);
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(refuse_obj, 1, refuse);

static const mp_rom_map_elem_t writers_table[] = {
    {MP_ROM_QSTR(MP_QSTR_mkdir), MP_ROM_PTR(&refuse_obj)},
    {MP_ROM_QSTR(MP_QSTR_remove), MP_ROM_PTR(&refuse_obj)},
    {MP_ROM_QSTR(MP_QSTR_rename), MP_ROM_PTR(&refuse_obj)},
    {MP_ROM_QSTR(MP_QSTR_rmdir), MP_ROM_PTR(&refuse_obj)},
};
static MP_DEFINE_CONST_DICT(writers, writers_table);

// Finds in VfsRom, which is no base a native type can have, what is not among the methods above.
static void resources_attribute(mp_obj_t self_in, qstr name, mp_obj_t *result) {
    const mp_obj_dict_t *methods = MP_OBJ_TYPE_GET_SLOT(&mp_type_vfs_rom, locals_dict);
    const mp_map_elem_t *found = NULL;

    if (result[0] != MP_OBJ_NULL) {
        return; // nothing can be set
    }
    found =
        mp_map_lookup((mp_map_t *)(uintptr_t)&methods->map, MP_OBJ_NEW_QSTR(name), MP_MAP_LOOKUP);
    if (found != NULL) {
        mp_convert_member_lookup(self_in, &mp_type_vfs_rom, found->value, result);
    } else {
        result[1] = MP_OBJ_SENTINEL;
    }
}

static MP_DEFINE_CONST_OBJ_TYPE(resources_type, MP_QSTR_VfsRom, MP_TYPE_FLAG_NONE, attr,
                                resources_attribute, locals_dict, &writers);

static void mount(const void *romfs, size_t size, qstr path) {
    mp_obj_t memory = mp_obj_new_memoryview('B', size, (void *)(uintptr_t)romfs);
    mp_obj_t args[] = {
        mp_call_function_1(MP_OBJ_FROM_PTR(&mp_type_vfs_rom), memory),
        MP_OBJ_NEW_QSTR(path),
    };

    ((mp_obj_base_t *)MP_OBJ_TO_PTR(args[0]))->type = &resources_type;
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

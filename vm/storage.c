// SPDX-License-Identifier: MIT
#include "vm/storage.h"

#include <string.h>

#include "extmod/vfs.h"
#include "py/mperrno.h"
#include "py/runtime.h"

#include "call/caller.h"
#include "call/calls.h"
#include "call/proxies.h"
#include "vm/error.h"

// The methods that extmod/vfs.c asks of what is mounted. Paths become plain here, "a/b/c" from the
// top: the supervisor knows no current directory, no "." and no "..".

#define PATH_MAX_SIZE 1024u /* path:str(1024) */
#define NSEC_PER_SECOND 1000000000
#define NAME_MAX_SIZE 255

typedef struct {
    mp_obj_base_t base;
    vstr_t current; /* directory, plain */
} storage_object_t;

int64_t storage_check(uint32_t call, int64_t result) {
    if (result < 0) {
        mpyd_raise_call_error(call, (int)-result);
    }
    return result;
}

// -- paths ---------------------------------------------------------------------------------------

static void remove_last(vstr_t *path) {
    while (path->len > 0 && path->buf[path->len - 1] != '/') {
        path->len--;
    }
    path->len -= path->len > 0;
}

// ".." above the top stays there, as in every file system.
static void add_name(vstr_t *path, const char *name, size_t size) {
    if (size == 0 || (size == 1 && name[0] == '.')) {
        return;
    }
    if (size == 2 && memcmp(name, "..", 2) == 0) {
        remove_last(path);
        return;
    }
    if (path->len > 0) {
        vstr_add_byte(path, '/');
    }
    vstr_add_strn(path, name, size);
}

static void make_plain(const storage_object_t *self, mp_obj_t path_in, vstr_t *path) {
    size_t size, start = 0;
    const char *text = mp_obj_str_get_data(path_in, &size);

    vstr_init(path, self->current.len + size + 2);
    if (size == 0 || text[0] != '/') {
        vstr_add_strn(path, self->current.buf, self->current.len);
    }
    for (size_t i = 0; i <= size; i++) {
        if (i == size || text[i] == '/') {
            add_name(path, text + start, i - start);
            start = i + 1;
        }
    }
    if (path->len > PATH_MAX_SIZE) {
        mp_raise_OSError(ENAMETOOLONG);
    }
}

// Makes the call CALL, which takes nothing but a path.
static mp_obj_t call_with_path(uint32_t call, int64_t (*proxy)(const char *path, size_t size),
                               mp_obj_t self_in, mp_obj_t path_in) {
    vstr_t path;

    make_plain(MP_OBJ_TO_PTR(self_in), path_in, &path);
    storage_check(call, proxy(path.buf, path.len));
    vstr_clear(&path);
    return mp_const_none;
}

// -- methods -------------------------------------------------------------------------------------

static mp_obj_t vfs_open(mp_obj_t self_in, mp_obj_t path_in, mp_obj_t mode) {
    vstr_t path;

    make_plain(MP_OBJ_TO_PTR(self_in), path_in, &path);
    return storage_open(path.buf, path.len, mode);
}
static MP_DEFINE_CONST_FUN_OBJ_3(vfs_open_obj, vfs_open);

static mp_obj_t vfs_ilistdir(mp_obj_t self_in, mp_obj_t path_in) {
    vstr_t path;

    make_plain(MP_OBJ_TO_PTR(self_in), path_in, &path);
    return storage_list(path.buf, path.len, mp_obj_get_type(path_in) == &mp_type_str);
}
static MP_DEFINE_CONST_FUN_OBJ_2(vfs_ilistdir_obj, vfs_ilistdir);

static mp_obj_t vfs_mkdir(mp_obj_t self_in, mp_obj_t path_in) {
    return call_with_path(CALL_FILE_MKDIR, call_file_mkdir, self_in, path_in);
}
static MP_DEFINE_CONST_FUN_OBJ_2(vfs_mkdir_obj, vfs_mkdir);

static mp_obj_t vfs_rmdir(mp_obj_t self_in, mp_obj_t path_in) {
    return call_with_path(CALL_FILE_RMDIR, call_file_rmdir, self_in, path_in);
}
static MP_DEFINE_CONST_FUN_OBJ_2(vfs_rmdir_obj, vfs_rmdir);

static mp_obj_t vfs_remove(mp_obj_t self_in, mp_obj_t path_in) {
    return call_with_path(CALL_FILE_REMOVE, call_file_remove, self_in, path_in);
}
static MP_DEFINE_CONST_FUN_OBJ_2(vfs_remove_obj, vfs_remove);

static mp_obj_t vfs_rename(mp_obj_t self_in, mp_obj_t source_in, mp_obj_t target_in) {
    vstr_t source, target;

    make_plain(MP_OBJ_TO_PTR(self_in), source_in, &source);
    make_plain(MP_OBJ_TO_PTR(self_in), target_in, &target);
    storage_check(CALL_FILE_RENAME,
                  call_file_rename(source.buf, source.len, target.buf, target.len));
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(vfs_rename_obj, vfs_rename);

static void get_status(const vstr_t *path, struct wire_file_status *ret_status) {
    storage_check(CALL_FILE_STAT,
                  call_file_stat(path->buf, path->len, ret_status, sizeof(*ret_status)));
}

static mp_obj_t make_tuple(const mp_obj_t items[10]) {
    return mp_obj_new_tuple(10, items);
}

static mp_obj_t vfs_stat(mp_obj_t self_in, mp_obj_t path_in) {
    struct wire_file_status status;
    mp_obj_t none = MP_OBJ_NEW_SMALL_INT(0), time, items[10];
    vstr_t path;

    make_plain(MP_OBJ_TO_PTR(self_in), path_in, &path);
    get_status(&path, &status);
    time = mp_obj_new_int_from_ll(status.mtime_nsec / NSEC_PER_SECOND);
    for (size_t i = 0; i < MP_ARRAY_SIZE(items); i++) {
        items[i] = i < 7 ? none : time;
    }
    items[0] = MP_OBJ_NEW_SMALL_INT(status.kind == WIRE_DIRECTORY ? MP_S_IFDIR : MP_S_IFREG);
    items[6] = mp_obj_new_int_from_ull(status.size);
    return make_tuple(items);
}
static MP_DEFINE_CONST_FUN_OBJ_2(vfs_stat_obj, vfs_stat);

// A file takes at least one block, so there are as many of them as of blocks.
static mp_obj_t vfs_statvfs(mp_obj_t self_in, mp_obj_t path_in) {
    struct wire_file_space space;
    mp_obj_t unit, all, left;

    (void)self_in;
    (void)path_in;
    storage_check(CALL_FILE_SPACE, call_file_space(&space, sizeof(space)));
    unit = mp_obj_new_int_from_ull(space.unit);
    all = mp_obj_new_int_from_ull(space.n_units);
    left = mp_obj_new_int_from_ull(space.n_free);
    return make_tuple((mp_obj_t[]){unit, unit, all, left, left, all, left, left,
                                   MP_OBJ_NEW_SMALL_INT(0), MP_OBJ_NEW_SMALL_INT(NAME_MAX_SIZE)});
}
static MP_DEFINE_CONST_FUN_OBJ_2(vfs_statvfs_obj, vfs_statvfs);

static mp_obj_t vfs_chdir(mp_obj_t self_in, mp_obj_t path_in) {
    storage_object_t *self = MP_OBJ_TO_PTR(self_in);
    struct wire_file_status status;
    vstr_t path;

    make_plain(self, path_in, &path);
    if (path.len > 0) {
        get_status(&path, &status);
        if (status.kind != WIRE_DIRECTORY) {
            mp_raise_OSError(MP_ENOTDIR);
        }
    }
    self->current = path;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_2(vfs_chdir_obj, vfs_chdir);

static mp_obj_t vfs_getcwd(mp_obj_t self_in) {
    const storage_object_t *self = MP_OBJ_TO_PTR(self_in);
    vstr_t path;

    vstr_init(&path, self->current.len + 2);
    vstr_add_byte(&path, '/');
    vstr_add_strn(&path, self->current.buf, self->current.len);
    return mp_obj_new_str_from_vstr(&path);
}
static MP_DEFINE_CONST_FUN_OBJ_1(vfs_getcwd_obj, vfs_getcwd);

// There is nothing to do: it is there, writable, and was never to be formatted.
static mp_obj_t vfs_mount(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    (void)args;
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR(vfs_mount_obj, 1, vfs_mount);

static const mp_rom_map_elem_t locals_table[] = {
    {MP_ROM_QSTR(MP_QSTR_mount), MP_ROM_PTR(&vfs_mount_obj)},
    {MP_ROM_QSTR(MP_QSTR_umount), MP_ROM_PTR(&vfs_mount_obj)},
    {MP_ROM_QSTR(MP_QSTR_open), MP_ROM_PTR(&vfs_open_obj)},
    {MP_ROM_QSTR(MP_QSTR_chdir), MP_ROM_PTR(&vfs_chdir_obj)},
    {MP_ROM_QSTR(MP_QSTR_getcwd), MP_ROM_PTR(&vfs_getcwd_obj)},
    {MP_ROM_QSTR(MP_QSTR_ilistdir), MP_ROM_PTR(&vfs_ilistdir_obj)},
    {MP_ROM_QSTR(MP_QSTR_mkdir), MP_ROM_PTR(&vfs_mkdir_obj)},
    {MP_ROM_QSTR(MP_QSTR_rmdir), MP_ROM_PTR(&vfs_rmdir_obj)},
    {MP_ROM_QSTR(MP_QSTR_remove), MP_ROM_PTR(&vfs_remove_obj)},
    {MP_ROM_QSTR(MP_QSTR_rename), MP_ROM_PTR(&vfs_rename_obj)},
    {MP_ROM_QSTR(MP_QSTR_stat), MP_ROM_PTR(&vfs_stat_obj)},
    {MP_ROM_QSTR(MP_QSTR_statvfs), MP_ROM_PTR(&vfs_statvfs_obj)},
};
static MP_DEFINE_CONST_DICT(locals, locals_table);

static MP_DEFINE_CONST_OBJ_TYPE(storage_type, MP_QSTR_VfsData, MP_TYPE_FLAG_NONE, locals_dict,
                                &locals);

// -- the whole -----------------------------------------------------------------------------------

void storage_mount(void) {
    storage_object_t *self = mp_obj_malloc(storage_object_t, &storage_type);
    mp_obj_t args[] = {MP_OBJ_FROM_PTR(self), MP_OBJ_NEW_QSTR(MP_QSTR__slash_data)};

    vstr_init(&self->current, 1);
    mp_vfs_mount(MP_ARRAY_SIZE(args), args, (mp_map_t *)&mp_const_empty_map);
    if (caller.kernel->has_storage) {
        mp_vfs_chdir(MP_OBJ_NEW_QSTR(MP_QSTR__slash_data));
    }
}

// An app without storage has nothing to wait for.
void storage_sync(void) {
    if (caller.kernel->has_storage) {
        storage_check(CALL_FILE_SETTLE, call_file_settle());
    }
}

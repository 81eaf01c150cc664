// SPDX-License-Identifier: MIT

// The port's part of the os module; extmod/modos.c includes it.

#include "extmod/modplatform.h"
#include "py/objstr.h"

#include "vm/random.h"
#include "vm/storage.h"

// urandom(n): n random bytes.
static mp_obj_t mp_os_urandom(mp_obj_t size_in) {
    mp_int_t size = mp_obj_get_int(size_in);
    vstr_t bytes;

    if (size < 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("negative size"));
    }
    vstr_init_len(&bytes, (size_t)size);
    random_fill(bytes.buf, bytes.len);
    return mp_obj_new_bytes_from_vstr(&bytes);
}
static MP_DEFINE_CONST_FUN_OBJ_1(mp_os_urandom_obj, mp_os_urandom);

// sync(): all that was changed is on disk.
static mp_obj_t mp_os_sync(void) {
    storage_sync();
    return mp_const_none;
}

// Upstream's, which knows FAT only, follows under another name; its object is of the one above.
#define mp_os_sync(no_arguments) __attribute__((unused)) mp_os_sync_upstream(no_arguments)

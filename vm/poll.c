// SPDX-License-Identifier: MIT
#include "vm/poll.h"

#include "py/misc.h"
#include "py/runtime.h"
#include "py/stream.h"

#undef mp_obj_id
#undef mp_map_lookup

#define ROOM 64 /* bytes: more than a poll_obj_t of modselect.c */

mp_obj_t poll_key(mp_obj_t object) {
    (void)mp_get_stream_raise(object, MP_STREAM_OP_IOCTL);
    return mp_obj_id(object);
}

mp_map_elem_t *poll_entry(mp_map_t *table, mp_obj_t key, mp_map_lookup_kind_t kind) {
    mp_map_elem_t *entry = mp_map_lookup(table, key, kind);
    void *room = NULL;

    if (kind != MP_MAP_LOOKUP_ADD_IF_NOT_FOUND || entry->value != MP_OBJ_NULL) {
        return entry;
    }
    room = m_malloc_maybe(ROOM);
    if (room == NULL) {
        (void)mp_map_lookup(table, key, MP_MAP_LOOKUP_REMOVE_IF_FOUND);
        m_malloc_fail(ROOM);
    }
    m_del(byte, room, ROOM);
    return entry;
}

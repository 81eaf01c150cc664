// SPDX-License-Identifier: MIT
#include "daemon/dispatch/handle.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "call/channel.h"
#include "daemon/app/app.h"

#define INDEX_MASK (WIRE_HANDLES - 1)
#define SERIAL_MASK ((1u << HANDLE_SERIAL_BITS) - 1)

_Static_assert(WIRE_HANDLES == 1u << HANDLE_INDEX_BITS, "every index has a readiness word");

struct handle {
    struct handle_table *table;
    struct handle *next_free;
    void *object;
    void (*free)(void *object);
    uint32_t kind; /* 0: not in use */
    uint32_t serial;
    uint32_t index;
};

struct handle_table {
    struct app *app;
    uint32_t quota;
    uint32_t n_used;
    struct handle *first_free, *last_free; /* a queue: the longest unused slot goes first */
    uint32_t n_slots;
    struct handle *slots[WIRE_HANDLES]; /* the first n_slots, made as they are needed */
};

static void push_free(struct handle_table *table, struct handle *handle) {
    handle->next_free = NULL;
    if (table->last_free) {
        table->last_free->next_free = handle;
    } else {
        table->first_free = handle;
    }
    table->last_free = handle;
}

// A slot that was never used, as long as there is one. Returns NULL without memory.
static struct handle *take_slot(struct handle_table *table) {
    struct handle *handle = table->first_free;

    if (table->n_slots < WIRE_HANDLES) {
        handle = calloc(1, sizeof(*handle));
        if (handle) {
            handle->table = table;
            handle->index = table->n_slots;
            table->slots[table->n_slots++] = handle;
        }
        return handle;
    }
    assert(handle); /* the quota is not above WIRE_HANDLES */
    table->first_free = handle->next_free;
    if (!table->first_free) {
        table->last_free = NULL;
    }
    return handle;
}

int handles_new(struct app *app, struct handle_table **ret_table) {
    struct handle_table *table = calloc(1, sizeof(*table));

    if (!table) {
        return -ENOMEM;
    }
    table->app = app;
    *ret_table = table;
    return 0;
}

struct handle_table *handles_free(struct handle_table *table) {
    if (table) {
        handles_reap(table);
        for (size_t i = 0; i < table->n_slots; i++) {
            free(table->slots[i]);
        }
        free(table);
    }
    return NULL;
}

void handles_set_quota(struct handle_table *table, uint32_t quota) {
    table->quota = quota < WIRE_HANDLES ? quota : WIRE_HANDLES;
}

uint32_t handles_count(const struct handle_table *table, uint32_t *ret_quota) {
    *ret_quota = table->quota;
    return table->n_used;
}

void handles_reap(struct handle_table *table) {
    for (size_t i = 0; i < table->n_slots; i++) {
        if (table->slots[i]->kind != 0) {
            handle_free(table->slots[i]);
        }
    }
}

int handle_new(struct app *app, uint32_t kind, void *object, void (*free)(void *object),
               struct handle **ret_handle) {
    struct handle_table *table = app->handles;
    struct handle *handle;

    assert(kind != 0);
    if (table->n_used >= table->quota) {
        app->counters.handles_refused++;
        return EMFILE;
    }
    handle = take_slot(table);
    if (!handle) {
        return ENOMEM;
    }
    table->n_used++;
    handle->serial = (handle->serial + 1) & SERIAL_MASK;
    if (handle->serial == 0) {
        handle->serial = 1;
    }
    handle->kind = kind;
    handle->object = object;
    handle->free = free;
    *ret_handle = handle;
    return 0;
}

// The object goes last: its own destructor may look at the handle's app, never at the handle.
void handle_free(struct handle *handle) {
    struct handle_table *table;
    void *object;

    if (!handle) {
        return;
    }
    assert(handle->kind != 0);
    table = handle->table;
    object = handle->object;
    handle_ready(handle, 0, UINT32_MAX);
    handle->kind = 0;
    handle->object = NULL;
    table->n_used--;
    push_free(table, handle);
    if (handle->free) {
        handle->free(object);
    }
}

struct handle *handle_find(struct app *app, uint64_t number, uint32_t kind) {
    struct handle *handle = app->handles->slots[number & INDEX_MASK];

    if (!handle || number > UINT32_MAX || handle->kind == 0 || handle->kind != kind ||
        handle->serial != number >> HANDLE_INDEX_BITS) {
        return NULL;
    }
    return handle;
}

void *handle_object(const struct handle *handle) {
    return handle->object;
}

uint32_t handle_number(const struct handle *handle) {
    return handle->index | handle->serial << HANDLE_INDEX_BITS;
}

struct app *handle_app(const struct handle *handle) {
    return handle->table->app;
}

void handle_ready(struct handle *handle, uint32_t set, uint32_t clear) {
    (void)channel_ready(&handle->table->app->channel, handle->index, set, clear);
}

bool handle_is_ready(const struct handle *handle, uint32_t ready) {
    return (handle->table->app->channel.ready[handle->index] & ready) != 0;
}

// SPDX-License-Identifier: MIT
#include "daemon/handle.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "call/channel.h"
#include "daemon/app.h"

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
};

struct handle_table {
    struct app *app;
    uint32_t quota;
    uint32_t n_used;
    uint32_t n_fresh; /* slots that were ever used, from 0 up: the others cost no memory */
    struct handle *first_free, *last_free; /* a queue: the longest unused slot goes first */
    struct handle slots[WIRE_HANDLES];
};

static uint32_t handle_index(const struct handle *handle) {
    return (uint32_t)(handle - handle->table->slots);
}

static void push_free(struct handle_table *table, struct handle *handle) {
    handle->next_free = NULL;
    if (table->last_free) {
        table->last_free->next_free = handle;
    } else {
        table->first_free = handle;
    }
    table->last_free = handle;
}

static struct handle *pop_free(struct handle_table *table) {
    struct handle *handle = table->first_free;

    if (table->n_fresh < WIRE_HANDLES) {
        handle = &table->slots[table->n_fresh++];
        handle->table = table;
        return handle;
    }
    if (!handle) {
        return NULL;
    }
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
        free(table);
    }
    return NULL;
}

void handles_set_quota(struct handle_table *table, uint32_t quota) {
    table->quota = quota < WIRE_HANDLES ? quota : WIRE_HANDLES;
}

void handles_reap(struct handle_table *table) {
    for (size_t i = 0; i < table->n_fresh; i++) {
        if (table->slots[i].kind != 0) {
            handle_free(&table->slots[i]);
        }
    }
}

int handle_new(struct app *app, uint32_t kind, void *object, void (*free)(void *object),
               struct handle **ret_handle) {
    struct handle_table *table = app->handles;
    struct handle *handle;

    assert(kind != 0);
    if (table->n_used >= table->quota) {
        return EMFILE;
    }
    handle = pop_free(table);
    if (!handle) {
        return EMFILE;
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
    struct handle *handle = &app->handles->slots[number & INDEX_MASK];

    if (number > UINT32_MAX || handle->kind == 0 || handle->kind != kind ||
        handle->serial != number >> HANDLE_INDEX_BITS) {
        return NULL;
    }
    return handle;
}

void *handle_object(const struct handle *handle) {
    return handle->object;
}

uint32_t handle_number(const struct handle *handle) {
    return handle_index(handle) | handle->serial << HANDLE_INDEX_BITS;
}

struct app *handle_app(const struct handle *handle) {
    return handle->table->app;
}

void handle_ready(struct handle *handle, uint32_t set, uint32_t clear) {
    (void)channel_ready(&handle->table->app->channel, handle_index(handle), set, clear);
}

// SPDX-License-Identifier: MIT
#include "call/proxy.h"

#include <errno.h>
#include <string.h>

#include "call/caller.h"

void proxy_value(struct proxy *proxy, unsigned index, uint64_t value) {
    proxy->arg[index] = value;
}

void proxy_f64(struct proxy *proxy, unsigned index, double value) {
    memcpy(&proxy->arg[index], &value, sizeof(value));
}

// Reserves the arena's part of a buffer argument. Returns NULL if it is empty or the call has
// failed.
static struct proxy_region *add_region(struct proxy *proxy, unsigned index, size_t size,
                                       size_t max) {
    struct proxy_region *region = &proxy->regions[index];

    if (size > max && proxy->error == 0) {
        proxy->error = -EMSGSIZE;
    }
    if (proxy->error < 0 || size == 0) {
        return NULL;
    }
    region->memory = caller_alloc(size);
    if (!region->memory) {
        proxy->error = -ENOBUFS;
        return NULL;
    }
    region->size = size;
    proxy->arg[index] = caller_pack(region->memory, size);
    return region;
}

void proxy_in(struct proxy *proxy, unsigned index, const void *data, size_t size, size_t max) {
    struct proxy_region *region = add_region(proxy, index, size, max);

    if (region) {
        memcpy(region->memory, data, size);
    }
}

void proxy_out(struct proxy *proxy, unsigned index, void *data, size_t size, size_t max) {
    struct proxy_region *region = add_region(proxy, index, size, max);

    if (region) {
        region->destination = data;
    }
}

void proxy_out_length(struct proxy *proxy, unsigned index, void *data, size_t size, size_t max) {
    struct proxy_region *region = add_region(proxy, index, size, max);

    if (region) {
        region->destination = data;
        region->has_length = true;
    }
}

// Copies back what the supervisor filled in.
static void receive(const struct proxy_region *region, int64_t result) {
    size_t size = region->size;

    if (!region->destination || result < 0) {
        return;
    }
    if (region->has_length && (uint64_t)result < size) {
        size = (size_t)result;
    }
    memcpy(region->destination, region->memory, size);
}

int64_t proxy_call(struct proxy *proxy, uint32_t number) {
    int64_t result = proxy->error;

    if (result == 0) {
        result = caller_call(number, proxy->arg);
    }
    // Backwards: the arena gets its space back from the latest region down.
    for (unsigned i = WIRE_ARGS; i-- > 0;) {
        if (proxy->regions[i].memory) {
            receive(&proxy->regions[i], result);
            if (proxy->is_secret) {
                explicit_bzero(proxy->regions[i].memory, proxy->regions[i].size);
            }
            caller_release(proxy->regions[i].memory, proxy->regions[i].size);
        }
    }
    return result;
}

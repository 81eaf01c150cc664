// SPDX-License-Identifier: MIT
#include "daemon/dispatch/stub.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "call/stubs.h"
#include "daemon/app/app.h"
#include "daemon/dispatch/call.h"
#include "daemon/dispatch/dispatch.h"
#include "daemon/dispatch/handle.h"

_Static_assert(sizeof(double) == sizeof(uint64_t), "f64 travels in one argument");

int stub_unused(struct call *call, const struct wire_submission *submission, size_t n_args) {
    for (size_t i = n_args; i < WIRE_ARGS; i++) {
        if (submission->arg[i] != 0) {
            return app_break(call->app, "%s: reserved argument in use", call->row->name);
        }
    }
    return 0;
}

int stub_u32(uint64_t value, uint32_t min, uint32_t max, uint32_t *ret_value) {
    if (value < min || value > max) {
        return EINVAL;
    }
    *ret_value = (uint32_t)value;
    return 0;
}

int stub_i64(uint64_t value, int64_t min, int64_t max, int64_t *ret_value) {
    int64_t number = (int64_t)value;

    if (number < min || number > max) {
        return EINVAL;
    }
    *ret_value = number;
    return 0;
}

int stub_bool(uint64_t value, bool *ret_value) {
    if (value > 1) {
        return EINVAL;
    }
    *ret_value = value == 1;
    return 0;
}

int stub_f64(uint64_t value, double *ret_value) {
    double number = 0;

    memcpy(&number, &value, sizeof(number));
    if (!isfinite(number)) {
        return EINVAL;
    }
    *ret_value = number;
    return 0;
}

int stub_enum(uint64_t value, const uint32_t *values, size_t n_values, uint32_t *ret_value) {
    for (size_t i = 0; i < n_values; i++) {
        if (values[i] == value) {
            *ret_value = values[i];
            return 0;
        }
    }
    return EINVAL;
}

int stub_handle(struct call *call, uint64_t value, uint32_t kind, struct handle **ret_handle) {
    struct handle *handle = handle_find(call->app, value, kind);

    if (!handle) {
        return EBADF;
    }
    *ret_handle = handle;
    return 0;
}

// The arena window of a packed argument. Outside the arena is no app's mistake, whatever its
// length: only a worker that packs its own arguments gets there.
static int find_window(struct call *call, uint64_t value, size_t max, uint8_t **ret_memory,
                       size_t *ret_size) {
    if (channel_window(&call->app->channel, value, ret_memory, ret_size) < 0) {
        return app_break(call->app, "%s: buffer outside the arena", call->row->name);
    }
    return *ret_size > max ? EINVAL : 0;
}

// Copies a window of at most MAX bytes to the scratch, EXTRA bytes kept free behind it.
static int take(struct call *call, uint64_t value, size_t max, size_t extra, uint8_t **ret_data,
                size_t *ret_size) {
    uint8_t *data = call->scratch + call->scratch_used;
    uint8_t *shared = NULL;
    size_t size = 0;
    int r = 0;

    r = find_window(call, value, max, &shared, &size);
    if (r) {
        return r;
    }
    // The generator made room for the most that any call may send.
    assert(size + extra <= STUBS_SCRATCH_SIZE - call->scratch_used);
    channel_take(data, shared, size);
    call->scratch_used += CALL_SCRATCH_SIZE(size + extra);
    *ret_data = data;
    *ret_size = size;
    return 0;
}

int stub_str(struct call *call, uint64_t value, size_t max, const char **ret_text) {
    uint8_t *data = NULL;
    size_t size = 0;
    int r = 0;

    r = take(call, value, max, 1, &data, &size);
    if (r) {
        return r;
    }
    data[size] = '\0';
    if (!utf8_is_text(data, size)) {
        return EINVAL;
    }
    *ret_text = (const char *)data;
    return 0;
}

int stub_bytes(struct call *call, uint64_t value, size_t max, struct bytes *ret_bytes) {
    uint8_t *data = NULL;
    size_t size = 0;
    int r = 0;

    r = take(call, value, max, 0, &data, &size);
    if (r) {
        return r;
    }
    *ret_bytes = (struct bytes){.data = data, .size = size};
    return 0;
}

int stub_out(struct call *call, uint64_t value, size_t max, struct window *ret_window) {
    struct window window = {0};
    int r = 0;

    r = find_window(call, value, max, &window.data, &window.size);
    if (r) {
        return r;
    }
    *ret_window = window;
    return 0;
}

static bool is_zero(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static bool is_address(const struct wire_address *address) {
    if (address->family == WIRE_INET) {
        return address->scope == 0 && is_zero(address->host + 4, sizeof(address->host) - 4);
    }
    return address->family == WIRE_INET6;
}

int stub_address(struct call *call, uint64_t value, struct wire_address *ret_address) {
    struct wire_address address = {0};
    uint8_t *data = NULL;
    size_t size = 0;
    int r = 0;

    r = take(call, value, sizeof(address), 0, &data, &size);
    if (r) {
        return r;
    }
    if (size != sizeof(address)) {
        return EINVAL;
    }
    memcpy(&address, data, sizeof(address));
    if (!is_address(&address)) {
        return EINVAL;
    }
    *ret_address = address;
    return 0;
}

// SPDX-License-Identifier: MIT
#include "daemon/record/trace.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "call/calls.h"
#include "daemon/dispatch/call.h"
#include "daemon/dispatch/dispatch.h"

#define SHOWN 32u /* bytes of a buffer */

static const struct trace_value booleans[] = {{0, "false"}, {1, "true"}, {0}};

struct trace {
    char *buffer;
    size_t size;
    size_t length;
    const uint8_t *taken;
    size_t taken_size;
    bool hides; /* what the call sends is told by its length */
};

static void append(struct trace *trace, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void append(struct trace *trace, const char *format, ...) {
    size_t room = trace->size - trace->length;
    va_list arguments;
    int n = 0;

    va_start(arguments, format);
    n = vsnprintf(trace->buffer + trace->length, room, format, arguments);
    va_end(arguments);
    if (n > 0) {
        trace->length += (size_t)n < room ? (size_t)n : room - 1;
    }
}

// The next SIZE taken bytes, EXTRA more behind them, or NULL if the stub did not get that far.
static const uint8_t *next_taken(struct trace *trace, size_t size, size_t extra) {
    size_t whole = CALL_SCRATCH_SIZE(size + extra);
    const uint8_t *data = trace->taken;

    if (whole > trace->taken_size) {
        trace->taken_size = 0;
        return NULL;
    }
    trace->taken += whole;
    trace->taken_size -= whole;
    return data;
}

static void append_byte(struct trace *trace, uint8_t byte) {
    static const char *const escapes[] = {
        ['\t'] = "\\t", ['\n'] = "\\n", ['\r'] = "\\r", ['"'] = "\\\"", ['\\'] = "\\\\"};

    if (byte < sizeof(escapes) / sizeof(escapes[0]) && escapes[byte]) {
        append(trace, "%s", escapes[byte]);
    } else if (byte < 0x80 && isprint(byte)) {
        append(trace, "%c", byte);
    } else {
        append(trace, "\\x%02x", byte);
    }
}

static void append_input(struct trace *trace, uint64_t packed, size_t extra) {
    size_t size = packed >> 32;
    const uint8_t *data = next_taken(trace, size, extra);

    if (!data || trace->hides) {
        append(trace, "%zu bytes", size);
        return;
    }
    append(trace, "\"");
    for (size_t i = 0; i < size && i < SHOWN; i++) {
        append_byte(trace, data[i]);
    }
    append(trace, "\"");
    if (size > SHOWN) {
        append(trace, "...%zu bytes", size);
    }
}

static void append_address(struct trace *trace, uint64_t packed) {
    const uint8_t *data = next_taken(trace, packed >> 32, 0);
    struct wire_address address;
    char host[INET6_ADDRSTRLEN];

    if (!data || packed >> 32 != sizeof(address)) {
        append(trace, "%zu bytes", (size_t)(packed >> 32));
        return;
    }
    memcpy(&address, data, sizeof(address));
    if (!inet_ntop(address.family, address.host, host, sizeof(host))) {
        append(trace, "family %u", address.family);
    } else if (address.family == WIRE_INET6) {
        append(trace, "[%s]:%u", host, address.port);
    } else {
        append(trace, "%s:%u", host, address.port);
    }
}

static void append_enum(struct trace *trace, const struct trace_value *values, uint64_t number) {
    while (values->name && values->number != number) {
        values++;
    }
    if (values->name) {
        append(trace, "%s", values->name);
    } else {
        append(trace, "%" PRIu64, number);
    }
}

static void append_f64(struct trace *trace, uint64_t bits) {
    double value = 0;

    memcpy(&value, &bits, sizeof(value));
    append(trace, "%g", value);
}

static void append_argument(struct trace *trace, const struct trace_argument *argument,
                            uint64_t value) {
    append(trace, "%s=", argument->name);
    switch (argument->type) {
    case TRACE_U32:
    case TRACE_HANDLE:
        append(trace, "%" PRIu64, value);
        break;
    case TRACE_I64:
        append(trace, "%" PRId64, (int64_t)value);
        break;
    case TRACE_BOOL:
        append_enum(trace, booleans, value);
        break;
    case TRACE_F64:
        append_f64(trace, value);
        break;
    case TRACE_ENUM:
        append_enum(trace, argument->values, value);
        break;
    case TRACE_STR:
        append_input(trace, value, 1);
        break;
    case TRACE_BYTES:
        append_input(trace, value, 0);
        break;
    case TRACE_OUT:
        append(trace, "%zu bytes", (size_t)(value >> 32));
        break;
    case TRACE_ADDRESS:
        append_address(trace, value);
        break;
    }
}

static bool is_hidden(uint32_t flags, enum trace_detail detail) {
    return flags & ROW_SECRET || (detail == TRACE_NAMES && !(flags & ROW_NAMES));
}

size_t trace_format(char *buffer, size_t size, const struct wire_submission *submission,
                    const uint8_t *taken, size_t taken_size, enum trace_detail detail) {
    struct trace trace = {.buffer = buffer, .size = size, .taken = taken, .taken_size = taken_size};
    const struct call_name *name = calls_find(submission->call);

    if (!name) {
        append(&trace, "call %u", submission->call);
        return trace.length;
    }
    trace.hides = is_hidden(call_rows[submission->call].flags, detail);
    append(&trace, "%s(", name->name);
    for (size_t i = 0; i < trace_rows[submission->call].n_arguments; i++) {
        append(&trace, "%s", i > 0 ? ", " : "");
        append_argument(&trace, &trace_rows[submission->call].arguments[i], submission->arg[i]);
    }
    append(&trace, ")");
    return trace.length;
}

// SPDX-License-Identifier: MIT
#pragma once

// Calls as text for people, the way strace shows system calls. Names and types come from the
// generated trace-table.c.

#include <stddef.h>
#include <stdint.h>

#include "call/wire.h"

enum trace_type {
    TRACE_U32,
    TRACE_I64,
    TRACE_BOOL,
    TRACE_F64,
    TRACE_ENUM,
    TRACE_HANDLE,
    TRACE_STR,
    TRACE_BYTES,
    TRACE_OUT,
    TRACE_ADDRESS,
};

struct trace_value {
    uint32_t number;
    const char *name; /* NULL: the end */
};

struct trace_argument {
    const char *name;
    enum trace_type type;
    const struct trace_value *values; /* of TRACE_ENUM */
};

struct trace_row {
    const struct trace_argument *arguments;
    size_t n_arguments;
};

extern const struct trace_row trace_rows[]; /* CALLS_END of them, by number */

// How much of what a call sends is shown. Numbers, enums and addresses always are.
enum trace_detail {
    TRACE_NAMES = 0,    /* text of calls whose text is names (flag "names"); lengths of all else */
    TRACE_PAYLOADS = 1, /* the first bytes of all but secrets (flag "secret") */
};

// Writes SUBMISSION as "socket.send(socket=1025, data="GET / HTTP/1.1\r\n"...65536 bytes)" to
// BUFFER, cut to SIZE and always terminated. TAKEN are the TAKEN_SIZE private bytes that its stub
// took, one input after the other; without them (a stub that stopped early) only lengths are shown.
// Returns the length of the text.
size_t trace_format(char *buffer, size_t size, const struct wire_submission *submission,
                    const uint8_t *taken, size_t taken_size, enum trace_detail detail);

// SPDX-License-Identifier: MIT
#pragma once

// Which Linux call it was that a worker was killed for. The filter tells nobody but the kernel's
// audit log, which root alone may read, so it is looked up when a report is shown.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

struct denied {
    uint64_t usec; /* since 1970 */
    uint32_t arch; /* AUDIT_ARCH_... of linux/audit.h */
    uint32_t number;
};

// Reads the SIZE bytes of LINE, a record of the audit log, of a worker of UID that was killed by
// its filter. USEC: when the record is of, where it does not say so itself. Returns whether that is
// what it is.
bool denied_read(const char *line, size_t size, uint64_t uid, uint64_t usec,
                 struct denied *ret_denied);

// Adds what the log has to REPORT, if that is of a denied call: "denied", an object with the name
// of the call, its number and the architecture; null where the log does not say.
void denied_add(struct json_object *report);

// SPDX-License-Identifier: MIT
#pragma once

// The journal by its native protocol (systemd's JOURNAL_NATIVE_PROTOCOL): an entry is fields, and
// whoever reads the journal can ask for them. An entry goes in one datagram or not at all.

#include <stdbool.h>
#include <stddef.h>

#define LOG_JOURNAL_SOCKET "/run/systemd/journal/socket"

// A field of an entry. NAME is a constant of ours: capital letters, digits and underscores. VALUE
// may be anything.
struct log_field {
    const char *name, *value;
};

// Whether standard error is a stream of the journal (systemd.exec(5), JOURNAL_STREAM).
bool log_journal_is_stderr(void);

// Opens the journal at PATH, if standard error is the journal; else there is none. Call it before
// the sandbox stands. Returns 0 or -errno, without which there is none either.
int log_journal_open(const char *path);

// In a process that was forked: its descriptors are not ours any more.
void log_journal_forget(void);

bool log_journal_is_there(void);

// Sends an entry of N_FIELDS, for which the journal has PATIENCE_MSEC to make room. Returns whether
// it took it: not if there is none, and not if it is down or stuck.
bool log_journal_send(const struct log_field *fields, size_t n_fields, int patience_msec);

// SPDX-License-Identifier: MIT
#pragma once

// The journal by its native protocol (systemd's JOURNAL_NATIVE_PROTOCOL): an entry is fields, and
// whoever reads the journal can ask for them. Nothing waits: entries that the journal has no room
// for at once are kept, and when there is no more room for those either, they are lost and counted.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

// Takes an entry of N_FIELDS. Returns whether it is the journal's business now: not if there is no
// journal, and not if one entry is too large for it.
bool log_journal_send(const struct log_field *fields, size_t n_fields);

// Sends what is kept, as far as there is room, for which it waits for TIMEOUT_MSEC at most.
void log_journal_flush(int timeout_msec);

bool log_journal_is_empty(void);
int log_journal_fd(void); /* to wait on for room */

// Entries lost since it was last asked.
uint64_t log_journal_take_lost(void);

// SPDX-License-Identifier: MIT
#pragma once

// Standard error as the place where lines of the log go. Who reads it may stop reading, and a write
// that waits for him would hold up everything else: so lines that find no room are kept, and when
// there is no more room for those either, they are lost and counted.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Finds out what standard error is, and opens a pipe or a terminal anew: O_NONBLOCK belongs to the
// open file, which is shared with whoever started us. Call it before the sandbox stands, with
// descriptors 0 to 2 open. Until then writes just wait.
void log_sink_open(void);

// Takes LINE, which ends in a newline. It is written in one piece where the reader has room for it.
void log_sink_write(const char *line, size_t size);

// Writes what is kept, as far as there is room.
void log_sink_flush(void);

bool log_sink_is_empty(void);
int log_sink_fd(void); /* to wait on for room */

// How long all writes from now on may wait for room, together; 0: not at all.
void log_sink_set_patience(int msec);

// Lines lost since it was last asked; log_sink_lose() gives N back.
uint64_t log_sink_take_lost(void);
void log_sink_lose(uint64_t n);

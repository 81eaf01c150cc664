// SPDX-License-Identifier: MIT
#pragma once

// What an app prints, as messages of its log: one call a line, never half a line, always valid
// UTF-8.

#include <stddef.h>
#include <stdint.h>

#define LOG_LINE_MAX 4096u /* bytes of one message; a longer line becomes several */

struct log_stream {
    uint32_t level; /* argument of call_log_write() */
    size_t size;    /* bytes of an unfinished line */
    char line[LOG_LINE_MAX];
};

extern struct log_stream log_stdout; /* level info */
extern struct log_stream log_stderr; /* level err */

// Adds SIZE bytes of TEXT and writes every line that is complete with them.
void log_write(struct log_stream *stream, const char *text, size_t size);

// Writes an unfinished line, if any.
void log_flush(struct log_stream *stream);

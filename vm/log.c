// SPDX-License-Identifier: MIT
#include "vm/log.h"

#include <stdbool.h>
#include <string.h>

#include "call/calls.h"
#include "call/proxies.h"

#define SUBSTITUTE '?' /* for each byte that is no UTF-8, and for NUL */
#define UTF8_MAX 4     /* bytes of the longest sequence */

struct log_stream log_stdout = {.level = LOG_WRITE_LEVEL_INFO};
struct log_stream log_stderr = {.level = LOG_WRITE_LEVEL_ERR};

// Bytes of the UTF-8 sequence that LEAD begins, or 0 if none begins with it.
static size_t sequence_length(uint8_t lead) {
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

// The second byte excludes overlong forms, surrogates and what is above U+10FFFF (RFC 3629).
static bool second_is_valid(uint8_t lead, uint8_t second) {
    switch (lead) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return second >= 0x80 && second <= 0xbf;
    }
}

// Bytes of the valid character at TEXT, or 0.
static size_t character_length(const uint8_t *text, size_t size) {
    size_t length = sequence_length(text[0]);

    if (text[0] == '\0' || length > size || (length > 1 && !second_is_valid(text[0], text[1]))) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

// Bytes at the end of a full line that begin a character which is not complete yet.
static size_t unfinished_length(const uint8_t *text, size_t size) {
    for (size_t n = 1; n < UTF8_MAX && n <= size; n++) {
        if ((text[size - n] & 0xc0) != 0x80) {
            return sequence_length(text[size - n]) > n ? n : 0;
        }
    }
    return 0;
}

static void emit(struct log_stream *stream, size_t size) {
    uint8_t *text = (uint8_t *)stream->line;

    for (size_t i = 0; i < size;) {
        size_t length = character_length(text + i, size - i);

        if (length == 0) {
            text[i] = SUBSTITUTE;
            length = 1;
        }
        i += length;
    }
    // A message that cannot be logged is lost; the app does not fail for it.
    (void)call_log_write(stream->level, stream->line, size);
    stream->size -= size;
    memmove(stream->line, stream->line + size, stream->size);
}

void log_flush(struct log_stream *stream) {
    if (stream->size > 0) {
        emit(stream, stream->size);
    }
}

void log_write(struct log_stream *stream, const char *text, size_t size) {
    while (size > 0) {
        size_t room = LOG_LINE_MAX - stream->size;
        size_t part = size < room ? size : room;
        const char *newline = memchr(text, '\n', part);
        size_t taken = newline != NULL ? (size_t)(newline - text) : part;

        memcpy(stream->line + stream->size, text, taken);
        stream->size += taken;
        if (newline != NULL) {
            emit(stream, stream->size);
            taken++;
        } else if (stream->size == LOG_LINE_MAX) {
            emit(stream,
                 LOG_LINE_MAX - unfinished_length((const uint8_t *)stream->line, LOG_LINE_MAX));
        }
        text += taken;
        size -= taken;
    }
}

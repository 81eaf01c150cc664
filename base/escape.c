// SPDX-License-Identifier: MIT
#include "base/escape.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

const char *escape_line(const char *text, char *line, size_t size) {
    const unsigned char *at = (const unsigned char *)text;
    size_t n = 0;

    while (*at != 0 && *at != '\n') {
        char escaped[12];
        uint32_t point = 0;
        size_t length = utf8_decode(at, strnlen((const char *)at, 4), &point);
        size_t n_escaped = length;

        if (length == 0) { // not UTF-8 after all: a byte that stands for itself
            length = 1;
            point = *at;
        }
        if (n_escaped == 0 || utf8_is_unsafe(point)) {
            n_escaped = (size_t)snprintf(escaped, sizeof(escaped),
                                         point < 0x100 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, point);
        } else {
            memcpy(escaped, at, length);
        }
        if (n + n_escaped + sizeof("...") > size) {
            memcpy(line + n, "...", 3);
            n += 3;
            at += strcspn((const char *)at, "\n");
            break;
        }
        memcpy(line + n, escaped, n_escaped);
        n += n_escaped;
        at += length;
    }
    line[n] = '\0';
    return *at == '\n' && at[1] != '\0' ? (const char *)at + 1 : NULL;
}

// SPDX-License-Identifier: MIT
#include "base/utf8.h"

// The table of RFC 3629, section 4: what the second byte may be depends on the first; bytes after
// it are 80 to BF.
static const struct sequence {
    uint8_t first_min, first_max;
    uint8_t second_min, second_max;
    uint8_t size;
} sequences[] = {
    {0x01, 0x7f, 0x00, 0x00, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

static const struct sequence *find_sequence(uint8_t first) {
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        if (first >= sequences[i].first_min && first <= sequences[i].first_max) {
            return &sequences[i];
        }
    }
    return NULL;
}

static bool is_between(uint8_t byte, uint8_t min, uint8_t max) {
    return byte >= min && byte <= max;
}

size_t utf8_decode(const uint8_t *text, size_t size, uint32_t *ret_point) {
    static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    const struct sequence *sequence = size > 0 ? find_sequence(text[0]) : NULL;
    uint32_t point = 0;

    if (!sequence || sequence->size > size) {
        return 0;
    }
    if (sequence->size > 1 && !is_between(text[1], sequence->second_min, sequence->second_max)) {
        return 0;
    }
    point = text[0] & first_bits[sequence->size];
    for (size_t i = 1; i < sequence->size; i++) {
        if (!is_between(text[i], 0x80, 0xbf)) {
            return 0;
        }
        point = point << 6 | (text[i] & 0x3f);
    }
    *ret_point = point;
    return sequence->size;
}

bool utf8_is_text(const uint8_t *text, size_t size) {
    uint32_t point = 0;

    for (size_t n = 0; size > 0; text += n, size -= n) {
        n = utf8_decode(text, size, &point);
        if (n == 0) {
            return false;
        }
    }
    return true;
}

bool utf8_is_unsafe(uint32_t point) {
    return (point < 0x20 && point != '\t') || (point >= 0x7f && point < 0xa0) || // C0, DEL, C1
           (point >= 0x200b && point <= 0x200f) || // of no width, and direction marks
           (point >= 0x2028 && point <= 0x202e) || // line separators, direction overrides
           (point >= 0x2066 && point <= 0x2069) || // direction isolates
           point == 0x061c || point == 0xfeff || (point >= 0xfff9 && point <= 0xfffb) ||
           (point >= 0xe0000 && point <= 0xe007f); // tags
}

bool utf8_is_harmless(const char *text, size_t size) {
    for (size_t i = 0, n = 0; i < size; i += n) {
        uint32_t point = 0;

        n = utf8_decode((const uint8_t *)text + i, size - i, &point);
        if (n == 0 || point == '\t' || utf8_is_unsafe(point)) {
            return false;
        }
    }
    return true;
}

// SPDX-License-Identifier: MIT
#include "daemon/utf8.h"

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

bool utf8_is_text(const uint8_t *text, size_t size) {
    size_t i = 0;

    while (i < size) {
        const struct sequence *sequence = find_sequence(text[i]);

        if (!sequence || sequence->size > size - i) {
            return false;
        }
        if (sequence->size > 1 &&
            !is_between(text[i + 1], sequence->second_min, sequence->second_max)) {
            return false;
        }
        for (size_t j = 2; j < sequence->size; j++) {
            if (!is_between(text[i + j], 0x80, 0xbf)) {
                return false;
            }
        }
        i += sequence->size;
    }
    return true;
}

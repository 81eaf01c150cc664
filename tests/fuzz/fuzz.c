// SPDX-License-Identifier: MIT
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <string.h>

uint8_t input_u8(struct input *input) {
    uint8_t value = 0;

    (void)input_bytes(input, &value, sizeof(value));
    return value;
}

uint16_t input_u16(struct input *input) {
    uint16_t value = 0;

    (void)input_bytes(input, &value, sizeof(value));
    return value;
}

uint32_t input_u32(struct input *input) {
    uint32_t value = 0;

    (void)input_bytes(input, &value, sizeof(value));
    return value;
}

uint64_t input_u64(struct input *input) {
    uint64_t value = 0;

    (void)input_bytes(input, &value, sizeof(value));
    return value;
}

uint32_t input_below(struct input *input, uint32_t n) {
    return (n <= 256 ? input_u8(input) : input_u32(input)) % n;
}

size_t input_bytes(struct input *input, void *destination, size_t size) {
    if (size > input->size) {
        size = input->size;
    }
    if (size > 0) {
        memcpy(destination, input->data, size);
    }
    input->data += size;
    input->size -= size;
    return size;
}

bool input_line(struct input *input, char *text, size_t size) {
    size_t n = 0;

    if (input->size == 0) {
        return false;
    }
    while (input->size > 0) {
        char c = (char)input_u8(input);

        if (c == '\n') {
            break;
        }
        if (c != '\0' && n + 1 < size) {
            text[n++] = c;
        }
    }
    text[n] = '\0';
    return true;
}

// Length of the character at TEXT by the bit patterns of its bytes, and the character; 0: none.
static size_t decode(const unsigned char *text, size_t size, uint32_t *ret_point) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] < 0x80             ? 1
                    : (text[0] & 0xe0) == 0xc0 ? 2
                    : (text[0] & 0xf0) == 0xe0 ? 3
                    : (text[0] & 0xf8) == 0xf0 ? 4
                                               : 0;
    uint32_t point = length == 1 ? text[0] : text[0] & (0x7fu >> length);

    if (length == 0 || length > size) {
        return 0;
    }
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
        point = point << 6 | (text[i] & 0x3f);
    }
    if (point < least[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
        return 0;
    }
    *ret_point = point;
    return length;
}

bool is_harmless(const char *text, size_t size) {
    for (size_t i = 0, n = 0; i < size; i += n) {
        uint32_t point = 0;

        n = decode((const unsigned char *)text + i, size - i, &point);
        if (n == 0 || (point < 0x20 && point != '\t') || (point >= 0x7f && point < 0xa0) ||
            point == 0x2028 || point == 0x2029 || (point >= 0x202a && point <= 0x202e) ||
            (point >= 0x2066 && point <= 0x2069)) {
            return false;
        }
    }
    return true;
}

bool is_printable_ascii(const char *text) {
    for (; *text; text++) {
        if (*text < ' ' || *text > '~') {
            return false;
        }
    }
    return true;
}

unsigned count_descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    unsigned n = 0;

    while (folder && readdir(folder)) {
        n++;
    }
    if (folder) {
        (void)closedir(folder);
    }
    return n;
}

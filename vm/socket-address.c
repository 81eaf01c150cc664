// SPDX-License-Identifier: MIT
#include "vm/socket-address.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define INET_SIZE 4
#define INET6_SIZE 16
#define INET6_WORDS 8

static const uint8_t mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

// -- reading -------------------------------------------------------------------------------------

// Decimal digits without a leading zero, up to MAX. Returns what follows them, or NULL.
static const char *read_decimal(const char *p, const char *end, uint32_t max, uint32_t *ret_value) {
    uint64_t value = 0;
    const char *start = p;

    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint64_t)(*p - '0');
        if (value > max) {
            return NULL;
        }
    }
    if (p == start || (*start == '0' && p - start > 1)) {
        return NULL;
    }
    *ret_value = (uint32_t)value;
    return p;
}

static bool read_inet(const char *p, const char *end, uint8_t host[INET_SIZE]) {
    for (size_t i = 0; i < INET_SIZE; i++) {
        uint32_t part = 0;

        if (i > 0 && (p == end || *p++ != '.')) {
            return false;
        }
        p = read_decimal(p, end, UINT8_MAX, &part);
        if (p == NULL) {
            return false;
        }
        host[i] = (uint8_t)part;
    }
    return p == end;
}

// One to four hexadecimal digits.
static const char *read_word(const char *p, const char *end, uint8_t word[2]) {
    uint32_t value = 0;
    const char *start = p;

    for (; p < end && p - start < 4; p++) {
        char c = *p;

        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            value = value << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        } else {
            break;
        }
    }
    word[0] = (uint8_t)(value >> 8);
    word[1] = (uint8_t)value;
    return p == start ? NULL : p;
}

// Reads groups until the end. *ret_gap: where "::" stood, in bytes, or -1. Returns their bytes, or
// -1 if they are no groups.
static int read_groups(const char *p, const char *end, uint8_t host[INET6_SIZE], int *ret_gap) {
    int size = 0, gap = -1;

    if (end - p >= 2 && p[0] == ':' && p[1] == ':') {
        gap = 0;
        p += 2;
    }
    while (p < end) {
        if (size <= INET6_SIZE - INET_SIZE && read_inet(p, end, host + size)) {
            size += INET_SIZE;
            break;
        }
        if (size == INET6_SIZE || (p = read_word(p, end, host + size)) == NULL) {
            return -1;
        }
        size += 2;
        if (p == end) {
            break;
        }
        if (*p++ != ':' || p == end) {
            return -1;
        }
        if (*p == ':') {
            if (gap >= 0) {
                return -1;
            }
            gap = size;
            p++;
        }
    }
    *ret_gap = gap;
    return size;
}

static bool read_inet6(const char *p, const char *end, uint8_t host[INET6_SIZE]) {
    int gap = -1, size = read_groups(p, end, host, &gap);

    if (size < 0 || (gap < 0 && size != INET6_SIZE) || (gap >= 0 && size == INET6_SIZE)) {
        return false;
    }
    if (gap >= 0) {
        memmove(host + INET6_SIZE - (size - gap), host + gap, (size_t)(size - gap));
        memset(host + gap, 0, (size_t)(INET6_SIZE - size));
    }
    return true;
}

int socket_address_parse(const char *text, size_t size, struct wire_address *ret_address) {
    struct wire_address address = {.family = WIRE_INET};
    const char *end = text + size, *percent = memchr(text, '%', size);

    if (!read_inet(text, end, address.host)) {
        address = (struct wire_address){.family = WIRE_INET6};
        if (!read_inet6(text, percent != NULL ? percent : end, address.host)) {
            return -EINVAL;
        }
        if (percent != NULL && read_decimal(percent + 1, end, UINT32_MAX, &address.scope) != end) {
            return -EINVAL;
        }
    }
    *ret_address = address;
    return 0;
}

// -- writing -------------------------------------------------------------------------------------

static char *write_decimal(char *p, uint32_t value) {
    char digits[10];
    size_t n_digits = 0;

    do {
        digits[n_digits++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    while (n_digits > 0) {
        *p++ = digits[--n_digits];
    }
    return p;
}

static char *write_inet(char *p, const uint8_t host[INET_SIZE]) {
    for (size_t i = 0; i < INET_SIZE; i++) {
        if (i > 0) {
            *p++ = '.';
        }
        p = write_decimal(p, host[i]);
    }
    return p;
}

static char *write_word(char *p, uint32_t word) {
    static const char digits[] = "0123456789abcdef";
    bool started = false;

    for (int shift = 12; shift >= 0; shift -= 4) {
        uint32_t digit = word >> shift & 0xf;

        if (digit != 0 || started || shift == 0) {
            *p++ = digits[digit];
            started = true;
        }
    }
    return p;
}

// Finds the longest run of two or more zero words, the first of equals. Returns where it starts, or
// INET6_WORDS if there is none.
static size_t find_zeros(const uint32_t words[INET6_WORDS], size_t *ret_length) {
    size_t best = INET6_WORDS, best_length = 1;

    for (size_t i = 0; i < INET6_WORDS; i++) {
        size_t length = 0;

        while (i + length < INET6_WORDS && words[i + length] == 0) {
            length++;
        }
        if (length > best_length) {
            best = i;
            best_length = length;
        }
    }
    *ret_length = best_length;
    return best;
}

static char *write_inet6(char *p, const uint8_t host[INET6_SIZE]) {
    uint32_t words[INET6_WORDS];
    size_t zeros, n_zeros = 0;

    for (size_t i = 0; i < INET6_WORDS; i++) {
        words[i] = (uint32_t)host[2 * i] << 8 | host[2 * i + 1];
    }
    zeros = find_zeros(words, &n_zeros);
    for (size_t i = 0; i < INET6_WORDS; i++) {
        if (i == zeros) {
            *p++ = ':';
            *p++ = ':';
            i += n_zeros - 1;
            continue;
        }
        if (i > 0 && i != zeros + n_zeros) {
            *p++ = ':';
        }
        p = write_word(p, words[i]);
    }
    return p;
}

size_t socket_address_format(const struct wire_address *address,
                             char text[SOCKET_ADDRESS_TEXT_SIZE]) {
    char *p = text;

    if (address->family == WIRE_INET) {
        p = write_inet(p, address->host);
    } else if (memcmp(address->host, mapped_prefix, sizeof(mapped_prefix)) == 0) {
        memcpy(p, "::ffff:", 7);
        p = write_inet(p + 7, address->host + sizeof(mapped_prefix));
    } else {
        p = write_inet6(p, address->host);
    }
    *p = '\0';
    return (size_t)(p - text);
}

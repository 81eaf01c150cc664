// SPDX-License-Identifier: MIT
#pragma once

// Times and sizes as people read them.

#include <stddef.h>
#include <stdint.h>

#define SPAN_SIZE ((size_t)32)

// "850us", "12ms", "4.2s", "5min 3s", "2h 5min", "3d 4h" into TEXT, which it returns.
const char *span_time(uint64_t usec, char text[SPAN_SIZE]);

// "512", "13K", "1.5M": powers of 1024.
const char *span_bytes(uint64_t bytes, char text[SPAN_SIZE]);

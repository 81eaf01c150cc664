// SPDX-License-Identifier: MIT
#pragma once

// What each filter admits, as data.

#include <stddef.h>
#include <stdint.h>

#define FILTER_PINS 6u

// Where a pinned value comes from; all but the first are known only when the filter is made.
enum filter_value {
    FILTER_GIVEN = 0,
    FILTER_CHANNEL_SIZE,
    FILTER_EXEC_PATH,
    FILTER_EXEC_ARGUMENTS,
    FILTER_EXEC_ENVIRONMENT,
    FILTER_OWN_PID,
    FILTER_VALUES,
};

// Argument INDEX, all 64 bits of it, masked by MASK, must equal the value.
struct filter_pin {
    uint64_t mask; /* 0: no pin, and the end of the list */
    uint64_t value;
    uint8_t index;
    uint8_t from; /* enum filter_value */
};

struct filter_rule {
    int syscall;     /* SCMP_SYS(); one that this architecture lacks is left out */
    uint32_t action; /* SCMP_ACT_* */
    struct filter_pin pins[FILTER_PINS];
    const char *reason;
};

struct filter_table {
    const struct filter_rule *rules;
    size_t n_rules;
    uint32_t otherwise; /* action for what no rule matches */
};

extern const struct filter_table filter_table_start;      /* filter 1 */
extern const struct filter_table filter_table_worker;     /* filter 2 */
extern const struct filter_table filter_table_supervisor; /* the supervisor's own ... */
extern const struct filter_table filter_table_keeper; /* ... of one that has a state directory */

#define FILTER_ALL UINT64_MAX
#define PIN(i, v)                                                                                  \
    { .mask = FILTER_ALL, .value = (v), .index = (i) }
#define PIN_FROM(i, f)                                                                             \
    { .mask = FILTER_ALL, .from = (f), .index = (i) }
#define PIN_MASK(i, m, v)                                                                          \
    { .mask = (m), .value = (v), .index = (i) }

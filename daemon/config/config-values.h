// SPDX-License-Identifier: MIT
#pragma once

// How the values of the local configuration are written: one kind for each form.

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config/config.h"

struct config_kind;

// A value as it stands in the file.
struct config_value {
    const struct config_kind *kind;
    uint64_t min, max; /* for numbers, in the units of the field */
    const char *text;
    unsigned line;
};

extern const struct config_kind config_number;    /* uint64_t */
extern const struct config_kind config_bytes;     /* uint64_t */
extern const struct config_kind config_time;      /* uint64_t, microseconds */
extern const struct config_kind config_when;      /* uint64_t, enum config_restart */
extern const struct config_kind config_flag;      /* uint64_t, 0 or 1 */
extern const struct config_kind config_processor; /* int64_t, or enum CONFIG_CPU_ */
extern const struct config_kind config_layers;    /* char *, the field's */
extern const struct config_kind config_listen;    /* struct config_grants, added to */
extern const struct config_kind config_connect;   /* struct config_grants, added to */

// The bytes of the field of a key of this kind.
size_t config_kind_size(const struct config_kind *kind);

// Whether a key of this kind may be set more than once.
bool config_kind_is_list(const struct config_kind *kind);

// Stores VALUE into FIELD. Returns 0; -EINVAL with what is wrong in WHY; or -ENOMEM.
int config_value_store(const struct config_value *value, void *field, char why[CONFIG_WHY_SIZE]);

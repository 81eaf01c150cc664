// SPDX-License-Identifier: MIT
#pragma once

// Included in front of py/modbuiltins.c, by vm/Makefile: round() becomes that of vm/number-round.c,
// which has the use of upstream's.

#include "py/mpconfig.h"

#include "py/obj.h"

mp_obj_t mp_builtin_round(size_t n_args, const mp_obj_t *args);
mp_obj_t mp_builtin_round_upstream(size_t n_args, const mp_obj_t *args);

// Applies where the function is defined, a static one, and not where it is named.
#define mp_builtin_round(n_args, args)                                                             \
    mp_builtin_round_unused(void);                                                                 \
    mp_obj_t mp_builtin_round_upstream(n_args, args)

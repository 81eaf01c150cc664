// SPDX-License-Identifier: MIT
#pragma once

// mpyd.open(): files and devices of the machine that the app was given by name.

#include "py/obj.h"

MP_DECLARE_CONST_FUN_OBJ_VAR_BETWEEN(stream_open_obj);

// SPDX-License-Identifier: MIT
#pragma once

// Calling functions of the app that the app itself is not waiting for: whatever they raise ends
// here, reported, and the app goes on.

#include <stdbool.h>
#include <stddef.h>

#include "py/obj.h"

// Calls FUNCTION with CONTEXT, where exceptions may leave it. Returns MP_OBJ_NULL, or the exception
// that did.
mp_obj_t callback_try(void (*function)(void *context), void *context);

// As callback_try(). Those that are to end the app (SystemExit, KeyboardInterrupt) are also left
// pending; others are printed with their traceback to the app's errors.
mp_obj_t callback_protect(void (*function)(void *context), void *context);

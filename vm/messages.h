// SPDX-License-Identifier: MIT
#pragma once

// Messages from outside, for functions that the app has named: mpyd.on_call().

#include <stdbool.h>

#include "py/obj.h"

// FUNCTION is called with the text of each message of NAME, or none if it is None. Raises
// MemoryError.
void messages_set_function(mp_obj_t name, mp_obj_t function);

// Whether the app has named any function.
bool messages_are_wanted(void);

// Takes and answers every message that waits.
void messages_run(void);

// The app was told to stop: a function that answers a message is interrupted for it. For vm/stop.c
// alone.
void messages_let_stop(void);

// The coroutines that functions have returned since the last time, each a tuple of the message's
// number and the coroutine, or NULL if there are none.
mp_obj_t messages_take_coroutines(void);

// Whether there is an event loop that takes coroutines: without one, functions may return none.
void messages_set_loop(bool runs);

// Answers message NUMBER with RESULT, as a function returned it, or with the EXCEPTION that left
// it.
void messages_reply_result(uint32_t number, mp_obj_t result);
void messages_reply_exception(uint32_t number, mp_obj_t exception);

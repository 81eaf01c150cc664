// SPDX-License-Identifier: MIT
#pragma once

// Failed calls as Python exceptions.

#include <stdint.h>

// Raises what became of a call that failed with ERROR (a positive errno): PermissionError with the
// call and the rule in its text if it was refused, the pending exception if a stop cancelled it,
// else OSError. NUMBER is the call's.
void mpyd_raise_call_error(uint32_t number, int error) __attribute__((noreturn));

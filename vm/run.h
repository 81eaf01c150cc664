// SPDX-License-Identifier: MIT
#pragma once

// Runs the app's entry as __main__ and ends the worker with how that went (enum wire_exit).
void run_app(void) __attribute__((noreturn));

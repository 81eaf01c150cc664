// SPDX-License-Identifier: MIT
#pragma once

// What mpyctl leaves for mpyd-install@APP.service: in the app's own directory below that of what
// comes in an image with its signature, or the wish to go back.

#include <stdbool.h>

struct places;

// Looks what is wanted for APP. Returns 0, *ret_image the file to install, freed by the caller, or
// NULL: to roll back; or an enum update_exit, having logged that nothing is, or why.
int request_read(const struct places *places, const char *app, char **ret_image);

// Removes what was wanted; what cannot be removed is logged.
void request_remove(const struct places *places, const char *app);

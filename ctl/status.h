// SPDX-License-Identifier: MIT
#pragma once

// The forms in which mpyctl status shows apps.

#include <stddef.h>

struct view;

// One app at length, for people.
void status_print(const struct view *view);

// All of VIEWS, for programs: {"apps": [...]}; mpyctl(1) has the members.
void status_print_json(const struct view *views, size_t n_views);

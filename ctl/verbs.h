// SPDX-License-Identifier: MIT
#pragma once

// All that mpyctl can do, a file VERB.c each.

#include "ctl/verb.h"

// A row each, group by group, ascending by name within each; ends with a NULL name.
extern const struct verb verbs[];

extern const struct verb_option inspect_options[];
int inspect_run(const struct verb_arguments *arguments);

extern const struct verb_option layout_options[];
int layout_run(const struct verb_arguments *arguments);

extern const struct verb_option symbolize_options[];
int symbolize_run(const struct verb_arguments *arguments);

extern const struct verb_option verify_options[];
int verify_run(const struct verb_arguments *arguments);

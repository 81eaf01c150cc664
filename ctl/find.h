// SPDX-License-Identifier: MIT
#pragma once

// Finds the verb that a command line begins with.

struct verb;

// The verb of the N_WORDS at WORDS, and how many of them are its name (1 or 2); NULL, having said
// what is wrong and which verb may have been meant.
const struct verb *find_verb(int n_words, char **words, int *ret_n_name);

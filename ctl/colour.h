// SPDX-License-Identifier: MIT
#pragma once

// Colours, on terminals only and where nobody minds: NO_COLOR (no-color.org) is unset, and TERM is
// not "dumb".

enum colour { COLOUR_NONE, COLOUR_GOOD, COLOUR_WARNING, COLOUR_BAD, COLOUR_DIM, COLOUR_BOLD };

// What starts COLOUR and what ends any; "" where there are none.
const char *colour_start(enum colour colour);
const char *colour_end(void);

// That of a state of an app, as words call it.
enum colour colour_of_state(const char *state);

// To be called before what is printed goes to a pager: it is for the terminal behind it.
void colour_decide(void);

// SPDX-License-Identifier: MIT
#pragma once

// The pager of systemd's own tools: $SYSTEMD_PAGER, $PAGER, or what there is; none where one of
// these is empty or "cat", or where output is no terminal.

struct verb_arguments;

// From now on what is printed goes to a pager, unless --no-pager was said. Nothing happens where
// there is none.
void page_begin(const struct verb_arguments *arguments);

// Hands the rest to it and waits until it was read.
void page_end(void);

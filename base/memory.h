// SPDX-License-Identifier: MIT
#pragma once

// Gives back to Linux what only the start needed: freed heap, and the pages of programs and
// libraries that have been read. What is needed again is read again, from the page cache. Call it
// when a process has come to rest; it takes some microseconds and never fails.
void memory_give_back(void);

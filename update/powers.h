// SPDX-License-Identifier: MIT
#pragma once

// What root can do beyond what belongs to it: nothing here needs that.

// Gives up all capabilities, for good, of this process and of those it starts. Returns 0 or -errno,
// having logged it.
int powers_drop(void);
